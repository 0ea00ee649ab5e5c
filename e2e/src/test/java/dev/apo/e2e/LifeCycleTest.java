package dev.apo.e2e;

import static dev.apo.e2e.Cluster.condition;
import static dev.apo.e2e.Cluster.phase;
import static dev.apo.e2e.Cluster.reason;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.ConditionType;
import dev.apo.api.v1alpha1.Phase;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs of the shell worker, in all their ups and downs, on real pods. */
class LifeCycleTest {
  private static final Map<String, String> QUICK =
      Map.of("FAKE_SECONDS_PREPARE", "0", "FAKE_SECONDS_ESTIMATE", "0", "FAKE_SECONDS_TRAIN", "0");
  private static Cluster cluster;

  @BeforeAll
  static void open() {
    cluster = new Cluster();
  }

  @AfterAll
  static void theOperatorsLogIsClean() {
    assertThat(cluster.operatorLog()).doesNotContain("\"level\":\"ERROR\"");
    cluster.close();
  }

  private static Map<String, String> slow(String stage, String... more) {
    var knobs = new java.util.TreeMap<>(QUICK);
    knobs.put("FAKE_SECONDS_" + stage.toUpperCase(java.util.Locale.ROOT), "60");
    for (int i = 0; i < more.length; i += 2) {
      knobs.put(more[i], more[i + 1]);
    }
    return knobs;
  }

  @Test
  void aRunGoesThroughAllStagesAndTellsItsStory() {
    cluster.create("story", QUICK);
    APOTraining training = cluster.until("story", phase(Phase.SUCCEEDED));
    assertThat(training.getStatus().results().train().accuracy()).isEqualTo(0.9);
    assertThat(training.getStatus().artifacts().model()).isEqualTo("s3://fake/model");
    assertThat(training.getMetadata().getGeneration()).isEqualTo(1);
    assertThat(cluster.pods("story-estimate-1")).hasSize(2);
    assertThat(cluster.jobs()).allMatch(LifeCycleTest::isNotTracked);
    assertThat(cluster.events())
        .filteredOn(event -> event.getInvolvedObject().getName().equals("story"))
        .extracting(Event::getReason)
        .contains("JobCreated", "Completed", "Succeeded");
  }

  private static boolean isNotTracked(Job job) {
    return !job.getMetadata().getLabels().containsKey("argocd.argoproj.io/instance");
  }

  @ParameterizedTest
  @ValueSource(strings = {"prepare", "estimate", "train"})
  void aSuspendedRunHasNoPodsAndGoesOnWithANewAttempt(String stage) {
    String name = "pause-" + stage;
    cluster.create(name, slow(stage));
    cluster.runningPod(name + "-" + stage + "-1");
    cluster.patch(name, "{\"spec\": {\"suspend\": true}}");
    cluster.until(name, reason(ConditionType.SUSPENDED, "Suspended"));
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> cluster.pods(name + "-" + stage + "-1").isEmpty());
    cluster.patch(name, "{\"spec\": {\"suspend\": false}}");
    cluster.runningPod(name + "-" + stage + "-2");
    cluster.training(name).delete();
  }

  @Test
  void badInputFailsAtOnceWithTheWorkersSentence() {
    cluster.create("bad", Map.of("FAKE_EXIT_PREPARE", "65"));
    APOTraining training = cluster.until("bad", phase(Phase.FAILED));
    assertThat(condition(training, ConditionType.FAILED).message())
        .isEqualTo("prepare: The fake worker was told to fail.");
    assertThat(training.getStatus().attempts()).isEqualTo(1);
  }

  @Test
  void aJobThatSomeoneElseMadeIsLeftAlone() {
    cluster
        .client
        .resource(
            new JobBuilder()
                .withNewMetadata()
                .withName("taken-prepare-1")
                .withNamespace(cluster.namespace)
                .endMetadata()
                .withNewSpec()
                .withSuspend(true)
                .withNewTemplate()
                .withNewSpec()
                .withRestartPolicy("Never")
                .addNewContainer()
                .withName("theirs")
                .withImage("theirs")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build())
        .create();
    cluster.create("taken", QUICK);
    cluster.until("taken", reason(ConditionType.PREPARED, "JobNameTaken"));
    assertThat(cluster.jobs())
        .filteredOn(job -> job.getMetadata().getName().equals("taken-prepare-1"))
        .hasSize(1)
        .allMatch(job -> job.getMetadata().getOwnerReferences().isEmpty());
    cluster.training("taken").delete();
  }

  @ParameterizedTest
  @CsvSource({"1,Crashed", "74,BadArtifact", "75,Unavailable"})
  void aCrashCostsARetry(int exitCode, String reason) {
    String name = "crash-" + exitCode;
    var knobs = new java.util.TreeMap<>(QUICK);
    knobs.put("FAKE_EXIT_TRAIN", Integer.toString(exitCode));
    knobs.put("FAKE_FAIL_ATTEMPTS_TRAIN", "1");
    cluster.create(name, knobs);
    cluster.until(name, reason(ConditionType.TRAINED, reason));
    APOTraining training = cluster.until(name, phase(Phase.SUCCEEDED));
    assertThat(training.getStatus().train().attempt()).isEqualTo(2);
    assertThat(training.getStatus().train().failures()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"estimate", "train"})
  void aWorkerKilledForItsMemoryIsToldWhatToRaise(String stage) {
    String name = "memory-" + stage;
    var knobs = new java.util.TreeMap<>(QUICK);
    knobs.put("FAKE_RUN_" + stage.toUpperCase(java.util.Locale.ROOT), "exec tail /dev/zero");
    cluster.create(
        name,
        knobs,
        "\"runPolicy\": {\"maxRetries\": 0},",
        "\"resources\": {\"limits\": {\"memory\": \"64Mi\"}},");
    APOTraining training = cluster.until(name, phase(Phase.FAILED));
    assertThat(condition(training, ConditionType.FAILED).message())
        .contains("was killed for its memory; raise the memory limit in spec." + stage + ".pod");
  }

  @Test
  void aDeletedPodIsANewAttemptThatCostsNothing() {
    cluster.create("evicted", slow("train"));
    Pod pod = cluster.runningPod("evicted-train-1");
    cluster.client.resource(pod).delete();
    cluster.runningPod("evicted-train-2");
    APOTraining training = cluster.until("evicted", t -> t.getStatus().train().attempt() == 2);
    assertThat(training.getStatus().train().failures()).isZero();
    assertThat(training.getStatus().train().disruptions()).isEqualTo(1);
    cluster.training("evicted").delete();
  }

  @ParameterizedTest
  @ValueSource(strings = {"prepare", "estimate", "train"})
  void aDeletedRunLeavesNothingBehind(String stage) {
    try (Cluster own = new Cluster()) {
      own.create("gone", slow(stage));
      own.runningPod("gone-" + stage + "-1");
      own.training("gone").delete();
      own.untilNothingIsLeft();
    }
  }

  @Test
  void aNamespaceWithARunIsNotHeldUp() {
    Cluster own = new Cluster();
    own.create("held", slow("train"));
    own.runningPod("held-train-1");
    own.client.namespaces().withName(own.namespace).delete();
    await()
        .atMost(Duration.ofMinutes(2))
        .until(() -> own.client.namespaces().withName(own.namespace).get() == null);
    own.client.close();
  }

  @Test
  void aMissingImageIsNamedAndCanBeMended() {
    cluster.create("image", QUICK);
    cluster.patch("image", "{\"spec\": {\"train\": {\"pod\": {\"image\": \"no.such/image:1\"}}}}");
    cluster.until("image", reason(ConditionType.TRAINED, "ImageUnavailable"));
    cluster.patch(
        "image",
        "{\"spec\": {\"train\": {\"pod\": {\"image\": \"" + Cluster.SHELL_WORKER + "\"}}}}");
    cluster.until("image", phase(Phase.SUCCEEDED));
  }

  @Test
  void aMissingServiceAccountIsNamedWithinSeconds() {
    cluster.create("account", QUICK);
    cluster.patch(
        "account", "{\"spec\": {\"train\": {\"pod\": {\"serviceAccountName\": \"nobody\"}}}}");
    APOTraining training = cluster.until("account", reason(ConditionType.TRAINED, "PodsRefused"));
    assertThat(condition(training, ConditionType.TRAINED).message()).contains("nobody");
  }

  @Test
  void anotherReplicaTakesOverAndTheJobGoesOn() {
    cluster.create("leader", slow("train"));
    Pod pod = cluster.runningPod("leader-train-1");
    cluster
        .operators()
        .forEach(operator -> cluster.client.resource(operator).withGracePeriod(0).delete());
    APOTraining before = cluster.training("leader").get();
    cluster.until(
        "leader",
        t -> t.getStatus().train().progress() != null && !t.getStatus().equals(before.getStatus()));
    assertThat(cluster.runningPod("leader-train-1").getMetadata().getUid())
        .isEqualTo(pod.getMetadata().getUid());
    assertThat(cluster.training("leader").get().getStatus().train().attempt()).isEqualTo(1);
    cluster.training("leader").delete();
  }
}
