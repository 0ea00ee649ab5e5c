package dev.apo.operator;

import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.monitoring.micrometer.MicrometerMetricsV2;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.config.MeterFilter;
import io.quarkus.arc.Unremovable;
import jakarta.annotation.Priority;
import jakarta.enterprise.inject.Alternative;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Duration;

/** What the framework needs to be told to run in a cluster for a long time. */
final class Production {
  private static final String LEASE = "apo-operator";

  private Production() {}

  /** One of several replicas leads; the others are ready to take over. */
  @Produces
  @Singleton
  @Unremovable
  static LeaderElectionConfiguration leaderElection(OperatorConfig config) {
    // Whoever loses the lease leaves at once: exiting is the framework's default.
    return LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration(LEASE)
        .withLeaseNamespace(config.namespace().orElse(null))
        .withIdentity(config.instance())
        .withLeaseDuration(Duration.ofSeconds(15))
        .withRenewDeadline(Duration.ofSeconds(10))
        .withRetryPeriod(Duration.ofSeconds(2))
        .build();
  }

  /**
   * The framework's own producer is asked before it knows the registry, and then counts nothing.
   */
  @Produces
  @Singleton
  @Alternative
  @Priority(1)
  @Unremovable
  static Metrics reconciliations(MeterRegistry registry) {
    return MicrometerMetricsV2.newBuilder(registry).build();
  }

  /** The framework counts events with and without an action, which Prometheus refuses. */
  @Produces
  @Singleton
  static MeterFilter eventsAlwaysHaveAnAction() {
    return new MeterFilter() {
      @Override
      public Meter.Id map(Meter.Id id) {
        return id.getName().equals("events.received") && id.getTag("action") == null
            ? id.withTag(Tag.of("action", "NONE"))
            : id;
      }
    };
  }
}
