package dev.apo.e2e;

import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A second node, which lives and takes no pods. Where no node at all lives, Kubernetes takes that
 * for a fault of its own network and takes no pod away.
 */
final class SpareNode implements AutoCloseable {
  private static final String NAME = "spare";

  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private final KubernetesClient client;

  SpareNode(KubernetesClient client) {
    this.client = client;
    client
        .resource(
            new NodeBuilder()
                .withNewMetadata()
                .withName(NAME)
                .endMetadata()
                .withNewSpec()
                .withUnschedulable(true)
                .endSpec()
                .build())
        .serverSideApply();
    clock.scheduleWithFixedDelay(this::beat, 0, 5, TimeUnit.SECONDS);
  }

  /** Waits until Kubernetes believes that it lives. */
  void awaitReady() {
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                client.nodes().withName(NAME).get().getSpec().getTaints().stream()
                    .noneMatch(taint -> taint.getKey().endsWith("not-ready")));
  }

  private void beat() {
    String now = Instant.now().toString();
    try {
      client
          .nodes()
          .withName(NAME)
          .editStatus(
              node ->
                  new NodeBuilder(node)
                      .editOrNewStatus()
                      .withConditions()
                      .addNewCondition()
                      .withType("Ready")
                      .withStatus("True")
                      .withReason("Spare")
                      .withLastHeartbeatTime(now)
                      .withLastTransitionTime(now)
                      .endCondition()
                      .endStatus()
                      .build());
      client
          .leases()
          .inNamespace("kube-node-lease")
          .resource(
              new LeaseBuilder()
                  .withNewMetadata()
                  .withName(NAME)
                  .withNamespace("kube-node-lease")
                  .endMetadata()
                  .withNewSpec()
                  .withHolderIdentity(NAME)
                  .withLeaseDurationSeconds(40)
                  .withRenewTime(ZonedDateTime.now(ZoneOffset.UTC))
                  .endSpec()
                  .build())
          .serverSideApply();
    } catch (KubernetesClientException e) {
      // The next beat tries again.
      return;
    }
  }

  @Override
  public void close() {
    clock.shutdownNow();
    client.nodes().withName(NAME).delete();
    client.leases().inNamespace("kube-node-lease").withName(NAME).delete();
  }
}
