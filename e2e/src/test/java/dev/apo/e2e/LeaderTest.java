package dev.apo.e2e;

import static dev.apo.e2e.Cluster.phase;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.Phase;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** Two replicas of the operator, as real processes, of which one leads. */
class LeaderTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private static Resource<Lease> lease(Cluster cluster) {
    return cluster.client.leases().inNamespace(Cluster.OPERATOR_NAMESPACE).withName("apo-operator");
  }

  private static String holder(Cluster cluster) {
    return lease(cluster).get().getSpec().getHolderIdentity();
  }

  /** Two replicas are ready, and one of them leads. */
  private static Pod leader(Cluster cluster) {
    return await()
        .atMost(PATIENCE)
        .until(
            () -> {
              List<Pod> ready =
                  cluster.operators().stream()
                      .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
                      .filter(LeaderTest::isReady)
                      .toList();
              String holder = holder(cluster);
              return ready.size() < 2
                  ? null
                  : ready.stream()
                      .filter(pod -> pod.getMetadata().getName().equals(holder))
                      .findFirst()
                      .orElse(null);
            },
            pod -> pod != null);
  }

  private static boolean isReady(Pod pod) {
    return pod.getStatus().getContainerStatuses() != null
        && pod.getStatus().getContainerStatuses().stream().allMatch(c -> c.getReady());
  }

  @Test
  void aFrozenLeaderIsReplacedAndLeavesWhenItThaws() throws Exception {
    try (Cluster cluster = new Cluster()) {
      Pod frozen = leader(cluster);
      String name = frozen.getMetadata().getName();
      int restarts = frozen.getStatus().getContainerStatuses().get(0).getRestartCount();
      long process = Processes.operator(frozen);
      assumeTrue(process != 0, "The operator's processes are not to be seen on this machine");

      cluster.create(
          "frozen",
          Map.of(
              "FAKE_SECONDS_PREPARE", "0",
              "FAKE_SECONDS_ESTIMATE", "5",
              "FAKE_SECONDS_TRAIN", "0"));
      cluster.runningPod("frozen-estimate-1");
      Processes.signal("STOP", process);
      try {
        // Nobody tells the end of the estimate but another replica.
        cluster.until("frozen", phase(Phase.SUCCEEDED));
        assertThat(holder(cluster)).isNotEqualTo(name);
      } finally {
        Processes.signal("CONT", process);
      }
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  cluster.operators().stream()
                      .filter(pod -> pod.getMetadata().getName().equals(name))
                      .allMatch(
                          pod ->
                              pod.getStatus().getContainerStatuses().get(0).getRestartCount()
                                  > restarts));
      leader(cluster);
      APOTraining training = cluster.training("frozen").get();
      assertThat(training.getStatus().phase()).isEqualTo(Phase.SUCCEEDED);
      assertThat(training.getStatus().attempts()).as("one for each stage").isEqualTo(3);
      assertThat(cluster.jobs())
          .extracting(job -> job.getMetadata().getName())
          .containsExactlyInAnyOrder("frozen-prepare-1", "frozen-estimate-1", "frozen-train-1");
    }
  }

  @Test
  void aLeaderThatIsStoppedHandsTheLeaseOver() {
    try (Cluster cluster = new Cluster()) {
      Pod leader = leader(cluster);
      List<String> holders = new CopyOnWriteArrayList<>();
      Watch watch =
          lease(cluster)
              .watch(
                  new Watcher<Lease>() {
                    @Override
                    public void eventReceived(Action action, Lease lease) {
                      holders.add(String.valueOf(lease.getSpec().getHolderIdentity()));
                    }

                    @Override
                    public void onClose(WatcherException cause) {}
                  });
      cluster.client.resource(leader).delete();
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  !holders.isEmpty()
                      && !List.of("null", leader.getMetadata().getName())
                          .contains(holders.get(holders.size() - 1)));
      watch.close();
      assertThat(holders).as("the lease was free in between").contains("null");
    }
  }
}
