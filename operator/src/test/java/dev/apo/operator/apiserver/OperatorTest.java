package dev.apo.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.Phase;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The operator on a real API server. */
@QuarkusTest
@WithTestResource(KubeApiResource.class)
@Tag("apiserver")
class OperatorTest extends PlayedCluster {
  @Inject io.micrometer.core.instrument.MeterRegistry registry;

  @Test
  void aRunGoesThroughAllStages() {
    create("whole", "");
    succeed("whole-prepare-1", 0, PREPARED.formatted("false"));
    Job estimate = job("whole-estimate-1");
    assertThat(estimate.getSpec().getCompletionMode()).isEqualTo("Indexed");
    succeed("whole-estimate-1", 0, ESTIMATED);
    succeed("whole-train-1", 0, TRAINED);
    APOTraining training = until("whole", phase(Phase.SUCCEEDED));
    assertThat(training.getStatus().artifacts().model()).isEqualTo("s3://b/model");
    assertThat(training.getStatus().results().train().accuracy()).isEqualTo(0.9);
    assertThat(training.getMetadata().getGeneration()).as("nothing writes the spec").isEqualTo(1);
    assertThat(training.getMetadata().getFinalizers()).isEmpty();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(events(training))
                    .extracting(Event::getReason)
                    .contains("JobCreated", "Completed", "Succeeded"));
  }

  @Test
  void everyLogLineAboutARunNamesItAndItsAttempt() throws IOException {
    create("told", "");
    succeed("told-prepare-1", 0, PREPARED.formatted("false"));
    APOTraining training = until("told", phase(Phase.ESTIMATING));
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of("target", "operator.log"))) {
      JsonNode json = new ObjectMapper().readTree(line);
      if (json.path("message").asText().contains("told-")) {
        lines.add(json.path("mdc"));
      }
    }
    assertThat(lines).hasSizeGreaterThanOrEqualTo(2);
    assertThat(lines)
        .allSatisfy(
            mdc -> {
              assertThat(mdc.path("namespace").asText()).isEqualTo(KubeApi.NAMESPACE);
              assertThat(mdc.path("name").asText()).isEqualTo("told");
              assertThat(mdc.path("uid").asText()).isEqualTo(training.getMetadata().getUid());
              assertThat(mdc.path("attempt").asText()).isEqualTo("1");
            });
  }

  @Test
  void metricsCountRunsAndReconciliationsWithoutNames() {
    create("counted", "\"suspend\": true,");
    until("counted", phase(Phase.SUSPENDED));
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(registry.get("apo.runs").tag("phase", "suspended").gauge().value())
                  .isGreaterThanOrEqualTo(1);
              assertThat(registry.get("apo.phase.duration").tag("phase", "pending").timer().count())
                  .isGreaterThanOrEqualTo(1);
              assertThat(registry.getMeters())
                  .extracting(meter -> meter.getId().getName())
                  .anyMatch(name -> name.startsWith("reconciliations."));
              assertThat(registry.getMeters())
                  .flatExtracting(meter -> meter.getId().getTags())
                  .noneMatch(tag -> tag.getValue().equals("counted"));
            });
  }

  @Test
  void aTableThatIsThereSkipsTheEstimate() {
    create("reuse", "");
    succeed("reuse-prepare-1", 0, PREPARED.formatted("true"));
    job("reuse-train-1");
    until("reuse", t -> "TableReused".equals(reason(t, "VALUE_ESTIMATED")));
    assertThat(
            client
                .batch()
                .v1()
                .jobs()
                .inNamespace(KubeApi.NAMESPACE)
                .withName("reuse-estimate-1")
                .get())
        .isNull();
  }

  @Test
  void badInputEndsTheRunWithTheWorkersSentence() {
    create("bad", "");
    end("bad-prepare-1", 0, "Failed", 65, "{\"exitCode\":65,\"message\":\"Row 3 has no answer.\"}");
    failJob("bad-prepare-1", "PodFailurePolicy");
    APOTraining training = until("bad", phase(Phase.FAILED));
    assertThat(condition(training, "FAILED").message()).isEqualTo("prepare: Row 3 has no answer.");
    assertThat(condition(training, "FAILED").reason()).isEqualTo("BadInput");
  }

  @Test
  void aFinishedRunStaysFinishedWhenItsJobsGo() {
    create("final", "");
    end("final-prepare-1", 0, "Failed", 65, "{\"exitCode\":65,\"message\":\"No.\"}");
    failJob("final-prepare-1", "PodFailurePolicy");
    until("final", phase(Phase.FAILED));
    client
        .batch()
        .v1()
        .jobs()
        .inNamespace(KubeApi.NAMESPACE)
        .withName("final-prepare-1")
        .withGracePeriod(0)
        .delete();
    String version = get("final").getMetadata().getResourceVersion();
    client
        .resources(APOTraining.class)
        .inNamespace(KubeApi.NAMESPACE)
        .withName("final")
        .edit(
            t -> {
              t.getMetadata().setLabels(java.util.Map.of("touched", "yes"));
              return t;
            });
    await()
        .during(Duration.ofSeconds(2))
        .atMost(PATIENCE)
        .until(
            () ->
                jobs().stream()
                    .noneMatch(
                        job ->
                            job.getMetadata().getName().startsWith("final")
                                && job.getMetadata().getDeletionTimestamp() == null));
    assertThat(get("final").getStatus().phase()).isEqualTo(Phase.FAILED);
    assertThat(version).isNotNull();
  }

  @Test
  void aForeignJobOfTheSameNameIsNeitherTakenNorDeleted() {
    client
        .resource(
            new JobBuilder()
                .withNewMetadata()
                .withName("taken-prepare-1")
                .withNamespace(KubeApi.NAMESPACE)
                .endMetadata()
                .withNewSpec()
                .withNewTemplate()
                .withNewSpec()
                .withRestartPolicy("Never")
                .addNewContainer()
                .withName("c")
                .withImage("i")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build())
        .create();
    create("taken", "");
    APOTraining training = until("taken", t -> "JobNameTaken".equals(reason(t, "PREPARED")));
    assertThat(training.getStatus().prepare()).isNull();
    assertThat(job("taken-prepare-1").getMetadata().getOwnerReferences()).isEmpty();
  }

  @Test
  void suspendedRunsCreateNothingAndIdleOnesAreNotWritten() throws InterruptedException {
    create("idle", "\"suspend\": true,");
    until("idle", phase(Phase.SUSPENDED));
    String version = get("idle").getMetadata().getResourceVersion();
    Thread.sleep(3000);
    assertThat(get("idle").getMetadata().getResourceVersion()).isEqualTo(version);
    assertThat(jobs()).noneMatch(job -> job.getMetadata().getName().startsWith("idle"));
  }

  @Test
  void podSettingsReachThePodAndTheResourcesLabelsDoNot() {
    create(
        "pods",
        """
        "queueName": "research",
        "estimate": {"shards": 4, "parallelism": 2, "pod": {
          "image": "mine:1", "resources": {"limits": {"nvidia.com/gpu": "1"}},
          "nodeSelector": {"gpu": "a100"}, "tolerations": [{"key": "gpu", "operator": "Exists"}],
          "serviceAccountName": "sampler", "runtimeClassName": "nvidia", "priorityClassName": "high",
          "env": [{"name": "X", "value": "y"}, {"name": "APO_ATTEMPT", "value": "99"}],
          "volumes": [{"name": "cache", "emptyDir": {}}],
          "volumeMounts": [{"name": "cache", "mountPath": "/cache"}],
          "labels": {"team": "a"}, "annotations": {"note": "b"}}},
        """);
    Job prepare = job("pods-prepare-1");
    assertThat(prepare.getSpec().getSuspend()).isTrue();
    assertThat(prepare.getMetadata().getLabels())
        .containsEntry("kueue.x-k8s.io/queue-name", "research")
        .doesNotContainKey("argocd.argoproj.io/instance");
    succeed("pods-prepare-1", 0, PREPARED.formatted("false"));
    Job job = job("pods-estimate-1");
    var pod = job.getSpec().getTemplate();
    var container = pod.getSpec().getContainers().get(0);
    assertThat(job.getSpec().getCompletions()).isEqualTo(4);
    assertThat(job.getSpec().getParallelism()).isEqualTo(2);
    assertThat(container.getImage()).isEqualTo("mine:1");
    assertThat(container.getArgs()).containsExactly("estimate", "/etc/apo/manifest.yaml");
    assertThat(container.getResources().getLimits()).containsKey("nvidia.com/gpu");
    assertThat(container.getEnv())
        .anyMatch(e -> e.getName().equals("X") && e.getValue().equals("y"))
        .anyMatch(e -> e.getName().equals("APO_ATTEMPT") && e.getValue().equals("1"));
    assertThat(container.getVolumeMounts()).anyMatch(m -> m.getMountPath().equals("/cache"));
    assertThat(pod.getSpec().getNodeSelector()).containsEntry("gpu", "a100");
    assertThat(pod.getSpec().getTolerations()).hasSize(1);
    assertThat(pod.getSpec().getServiceAccountName()).isEqualTo("sampler");
    assertThat(pod.getSpec().getRuntimeClassName()).isEqualTo("nvidia");
    assertThat(pod.getSpec().getPriorityClassName()).isEqualTo("high");
    assertThat(pod.getMetadata().getLabels()).containsEntry("team", "a");
    assertThat(pod.getMetadata().getAnnotations()).containsEntry("note", "b");
  }

  @Test
  void aResourceOfTheSameNameStartsClean() {
    create("again", "");
    String first = job("again-prepare-1").getMetadata().getUid();
    client.resources(APOTraining.class).inNamespace(KubeApi.NAMESPACE).withName("again").delete();
    create("again", "");
    until("again", t -> "JobNameTaken".equals(reason(t, "PREPARED")));
    assertThat(job("again-prepare-1").getMetadata().getUid()).isEqualTo(first);
    assertThat(get("again").getStatus().prepare()).isNull();
  }
}
