package dev.apo.e2e;

import static dev.apo.e2e.Cluster.condition;
import static dev.apo.e2e.Cluster.phase;
import static dev.apo.e2e.Cluster.reason;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.ConditionType;
import dev.apo.api.v1alpha1.Phase;
import dev.apo.api.v1alpha1.StageStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Parts of a cluster are stopped, frozen and lost below runs. {@code make drills-cluster} runs it,
 * on hack/cluster.
 */
class ClusterDrills {
  private static final Path COMPONENTS = Path.of("/run/kc");
  private static final Duration LONG = Duration.ofMinutes(6);
  private static final Map<String, String> QUICK =
      Map.of("FAKE_SECONDS_PREPARE", "0", "FAKE_SECONDS_ESTIMATE", "0", "FAKE_SECONDS_TRAIN", "0");

  private Cluster cluster;
  private LiveAttempts attempts;

  @BeforeEach
  void open() {
    Assumptions.assumeTrue(Files.exists(COMPONENTS), "This is not the cluster of hack/cluster");
    cluster = new Cluster();
    attempts = new LiveAttempts(cluster);
  }

  @AfterEach
  void noAttemptsLivedAtOnce() {
    attempts.close();
    cluster.close();
    assertThat(attempts.overlaps()).isEmpty();
  }

  /** Does something to a component of the cluster. */
  private static void component(String... what) throws Exception {
    List<String> command =
        Stream.concat(Stream.of("../hack/cluster/cluster"), Stream.of(what)).toList();
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor())
        .as("%s", command)
        .isZero();
  }

  private static Map<String, String> training(String knob, String value) {
    Map<String, String> knobs = new TreeMap<>(QUICK);
    knobs.put("FAKE_" + knob + "_TRAIN", value);
    return knobs;
  }

  /** Also while the API server does not answer. */
  private APOTraining until(String name, Phase phase) {
    await()
        .atMost(LONG)
        .pollInterval(Duration.ofMillis(200))
        .ignoreExceptions()
        .until(() -> phase(phase).test(cluster.training(name).get()));
    return cluster.training(name).get();
  }

  private static void assertOneAttemptEach(APOTraining training) {
    assertThat(training.getStatus().attempts()).as("one for each stage").isEqualTo(3);
    StageStatus train = training.getStatus().train();
    assertThat(train.failures()).isZero();
    assertThat(train.disruptions()).isZero();
  }

  @Test
  void aStageGoesOnWhileItsKubeletIsAway() throws Exception {
    cluster.create("kubelet", training("SECONDS", "15"));
    String pod = cluster.runningPod("kubelet-train-1").getMetadata().getUid();
    component("stop", "kubelet");
    try {
      Thread.sleep(25_000);
    } finally {
      component("start", "kubelet");
    }
    Instant back = Instant.now();
    assertOneAttemptEach(until("kubelet", Phase.SUCCEEDED));
    assertThat(cluster.pods("kubelet-train-1"))
        .extracting(p -> p.getMetadata().getUid())
        .containsExactly(pod);
    Drill.passed("kubelet away for 25 s while a stage ends", "no result, no attempt", back);
  }

  @Test
  void aLostNodesStageGetsAFreeAttemptWhenItsPodIsKnownToBeGone() throws Exception {
    String tolerations =
        Stream.of("not-ready", "unreachable")
            .map(
                taint ->
                    """
                    {"key": "node.kubernetes.io/%s", "operator": "Exists", "effect": "NoExecute",
                     "tolerationSeconds": 5}
                    """
                        .formatted(taint))
            .reduce((one, other) -> one + "," + other)
            .orElseThrow();
    try (SpareNode spare = new SpareNode(cluster.client)) {
      spare.awaitReady();
      cluster.create(
          "node",
          training("RUN", "[ $APO_ATTEMPT != 1 ] || { sleep 1000 & wait $!; }"),
          "",
          "\"tolerations\": [" + tolerations + "],");
      cluster.runningPod("node-train-1");
      component("stop", "kubelet");
      try {
        APOTraining training =
            cluster.until("node", reason(ConditionType.TRAINED, "Disrupted"), LONG);
        assertThat(condition(training, ConditionType.TRAINED).message())
            .contains("is being taken away: DeletionByTaintManager");
        Thread.sleep(20_000);
        assertThat(cluster.training("node").get().getStatus().train().attempt())
            .as("who knows whether the pod still works")
            .isEqualTo(1);
      } finally {
        component("start", "kubelet");
      }
      Instant back = Instant.now();
      APOTraining training = until("node", Phase.SUCCEEDED);
      assertThat(training.getStatus().train().attempt()).isEqualTo(2);
      assertThat(training.getStatus().train().failures()).isZero();
      assertThat(training.getStatus().train().disruptions()).isEqualTo(1);
      Drill.passed("node lost for longer than its pods tolerate", "no retry", back);
    }
  }

  @Test
  void aRestartOfTheApiServerIsNotNoticed() throws Exception {
    cluster.create("api", training("SECONDS", "15"));
    cluster.runningPod("api-train-1");
    component("restart", "kube-apiserver");
    Instant back = Instant.now();
    assertOneAttemptEach(until("api", Phase.SUCCEEDED));
    Drill.passed("API server restarted in a stage of 15 s", "no event, no attempt", back);
  }

  /** Longer than a leader may go without its lease. */
  @Test
  void aFrozenEtcdIsOutlived() throws Exception {
    cluster.create("etcd", training("SECONDS", "15"));
    cluster.runningPod("etcd-train-1");
    component("signal", "STOP", "etcd");
    try {
      Thread.sleep(60_000);
    } finally {
      component("signal", "CONT", "etcd");
    }
    Instant back = Instant.now();
    assertOneAttemptEach(until("etcd", Phase.SUCCEEDED));
    Drill.passed("etcd frozen for 60 s while a stage ends", "no event, no attempt", back);
  }

  /** Both limits are the pod's own: another node would not help, and the user is told. */
  @Test
  void aWorkerThatFillsItsDiskIsToldWhatToRaise() throws Exception {
    Instant began = Instant.now();
    String noRetry = "\"runPolicy\": {\"maxRetries\": 0},";
    String fill =
        "dd if=/dev/zero of=%s/full bs=1M count=50; while true; do sleep 1 & wait $!; done";
    cluster.create(
        "disk",
        training("RUN", fill.formatted("/work")),
        noRetry,
        "\"resources\": {\"limits\": {\"ephemeral-storage\": \"10Mi\"}},");
    cluster.create(
        "volume",
        training("RUN", fill.formatted("/small")),
        noRetry,
        """
        "volumes": [{"name": "small", "emptyDir": {"sizeLimit": "10Mi"}}],
        "volumeMounts": [{"name": "small", "mountPath": "/small"}],
        """);
    for (String name : List.of("disk", "volume")) {
      APOTraining training = until(name, Phase.FAILED);
      assertThat(condition(training, ConditionType.FAILED).message())
          .contains("was evicted for its disk")
          .contains("raise that limit in spec.train.pod")
          .contains("maxRetries is 0");
    }
    Drill.passed("a worker's disk is full", "the cause is told", began);
  }
}
