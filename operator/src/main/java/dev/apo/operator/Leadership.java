package dev.apo.operator;

import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import java.time.Duration;
import org.jboss.logging.Logger;

/**
 * One of several replicas leads. A replica that stops hands the lease over, so that another one
 * need not wait until it lapses; a replica that lost the lease leaves at once, before it can do
 * anything beside the new leader.
 */
public final class Leadership {
  private static final String LEASE = "apo-operator";

  private static final Logger LOG = Logger.getLogger(Leadership.class);

  private final KubernetesClient client;
  private final String namespace;
  private final String identity;
  private final Runnable leave;
  private volatile boolean stopping;

  /**
   * @param namespace of the lease
   * @param identity name of this replica
   * @param leave ends the process
   */
  public Leadership(KubernetesClient client, String namespace, String identity, Runnable leave) {
    this.client = client;
    this.namespace = namespace;
    this.identity = identity;
    this.leave = leave;
  }

  /** For the framework: a lease of 15 s that is renewed every 2 s, and given up after 10 s. */
  public LeaderElectionConfiguration configuration() {
    // Its own exit is a graceful one, which goes on meanwhile. The framework has no other way to
    // leave the exit to the callback.
    boolean exitOnStopLeading = false;
    return LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration(LEASE)
        .withLeaseNamespace(namespace)
        .withIdentity(identity)
        .withLeaseDuration(Duration.ofSeconds(15))
        .withRenewDeadline(Duration.ofSeconds(10))
        .withRetryPeriod(Duration.ofSeconds(2))
        .withLeaderCallbacks(new LeaderCallbacks(() -> {}, this::over, leader -> {}))
        .buildForTest(exitOnStopLeading);
  }

  /** From now on the end of leading is meant. To be told before the framework is stopped. */
  public void stopping() {
    stopping = true;
  }

  private void over() {
    if (!stopping) {
      LOG.warn("The lease was not renewed in time: another replica may lead now");
      leave.run();
    }
  }

  /** Frees the lease, if it is ours. To be called when the framework has stopped. */
  public void release() {
    try {
      Resource<Lease> lease = client.leases().inNamespace(namespace).withName(LEASE);
      Lease held = lease.get();
      if (held != null && identity.equals(held.getSpec().getHolderIdentity())) {
        lease.patch(
            PatchContext.of(PatchType.JSON_MERGE),
            "{\"metadata\": {\"resourceVersion\": \"%s\"}, \"spec\": {\"holderIdentity\": null}}"
                .formatted(held.getMetadata().getResourceVersion()));
        LOG.info("handed the lease over");
      }
    } catch (KubernetesClientException e) {
      LOG.warnf("the lease is not handed over and lapses by itself: %s", e.getMessage());
    }
  }
}
