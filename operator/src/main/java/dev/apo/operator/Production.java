package dev.apo.operator;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.monitoring.micrometer.MicrometerMetricsV2;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.config.MeterFilter;
import io.quarkus.arc.Unremovable;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Alternative;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** What the framework needs to be told to run in a cluster for a long time. */
final class Production {
  private Production() {}

  @Produces
  @Singleton
  static Leadership leadership(KubernetesClient client, OperatorConfig config) {
    return new Leadership(
        client,
        config.namespace().orElse(client.getNamespace()),
        config.instance(),
        () -> Runtime.getRuntime().halt(1));
  }

  @Produces
  @Singleton
  @Unremovable
  static LeaderElectionConfiguration leaderElection(Leadership leadership) {
    return leadership.configuration();
  }

  /** Before the framework hears of it. */
  static void stopping(@Observes @Priority(1) ShutdownEvent event, Leadership leadership) {
    leadership.stopping();
  }

  /** When the framework has done its last work. */
  static void stopped(
      @Observes @Priority(Integer.MAX_VALUE) ShutdownEvent event, Leadership leadership) {
    leadership.release();
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
