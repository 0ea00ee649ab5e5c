package dev.apo.e2e;

import static dev.apo.e2e.Cluster.phase;
import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.Phase;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The chart is upgraded and rolled back below a run that goes on. */
class UpgradeTest {
  private static final Path CHART = Path.of("..", "charts", "apo-operator");
  private static final String DEFAULT_IMAGE =
      "worker.image.registry=kc.local,worker.image.repository=apo-shell-worker,worker.image.tag=";

  @TempDir Path earlier;

  @Test
  void aStageGoesOnThroughAnUpgradeOfChartAndDefinitionAndARollback() throws Exception {
    earlierChart();
    try (Cluster cluster = new Cluster()) {
      helm("upgrade", earlier.toString(), "--set", DEFAULT_IMAGE + "1");
      cluster.create(
          """
          {"apiVersion": "apo.dev/v1alpha1", "kind": "APOTraining",
           "metadata": {"name": "up"},
           "spec": {"model": {"uri": "s3://b/m"}, "data": {"train": {"uri": "s3://b/d"}},
                    "reward": {"type": "ExactMatch"}, "storage": {"uri": "s3://b/p"},
                    "estimate": {"pod": {"env": [{"name": "FAKE_SECONDS_ESTIMATE", "value": "60"}]}},
                    "train": {"pod": {"image": "%s"}}}}
          """
              .formatted(Cluster.SHELL_WORKER));
      String pod = cluster.runningPod("up-estimate-1").getMetadata().getUid();
      Job job = job(cluster, "up-estimate-1");
      assertThat(image(job)).isEqualTo("kc.local/apo-shell-worker:1");
      assertThat(runtimeClass(cluster)).as("the earlier definition has no such field").isNull();

      helm(
          "upgrade",
          CHART.toString(),
          "--set",
          DEFAULT_IMAGE + "2",
          "--set",
          "env[0].name=NEW,env[0].value=yes");
      assertThat(cluster.runningPod("up-estimate-1").getMetadata().getUid()).isEqualTo(pod);
      APOTraining training = cluster.until("up", phase(Phase.SUCCEEDED));
      assertThat(job(cluster, "up-estimate-1").getMetadata().getUid())
          .isEqualTo(job.getMetadata().getUid());
      assertThat(training.getStatus().attempts()).as("one for each stage").isEqualTo(3);
      assertThat(training.getMetadata().getGeneration()).isEqualTo(1);
      assertThat(runtimeClass(cluster)).as("the new definition is in force").isEqualTo("new");

      helm("rollback");
      cluster.patch("up", "{\"metadata\": {\"labels\": {\"touched\": \"yes\"}}}");
      APOTraining after = cluster.training("up").get();
      assertThat(after.getSpec().model()).isEqualTo(training.getSpec().model());
      assertThat(after.getStatus().phase()).isEqualTo(Phase.SUCCEEDED);
      assertThat(cluster.jobs()).hasSize(3);
    } finally {
      helm("upgrade", CHART.toString(), "--reset-values");
    }
  }

  /** What the API server would store of a field that the earlier definition lacks. */
  private static String runtimeClass(Cluster cluster) {
    APOTraining stored =
        cluster
            .training("up")
            .dryRun()
            .patch(
                PatchContext.of(PatchType.JSON_MERGE),
                "{\"spec\": {\"train\": {\"pod\": {\"runtimeClassName\": \"new\"}}}}");
    return stored.getSpec().train().pod().runtimeClassName();
  }

  private static Job job(Cluster cluster, String name) {
    return cluster
        .client
        .batch()
        .v1()
        .jobs()
        .inNamespace(cluster.namespace)
        .withName(name)
        .require();
  }

  private static String image(Job job) {
    return job.getSpec().getTemplate().getSpec().getContainers().get(0).getImage();
  }

  /** The chart as it might have been before pods had a runtime class. */
  private void earlierChart() throws IOException {
    try (Stream<Path> files = Files.walk(CHART)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Path copy = earlier.resolve(CHART.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(file, copy);
        }
      }
    }
    Path chart = earlier.resolve("Chart.yaml");
    Files.writeString(
        chart, Files.readString(chart).replaceFirst("(?m)^version: .*$", "version: 0.0.9"));
    Path definition = earlier.resolve("files").resolve("apotrainings.apo.dev-v1.yaml");
    String now = Files.readString(definition);
    String then = now.replaceAll("(?m)^( +)runtimeClassName:\\n(?:\\1 .*\\n)+", "");
    assertThat(then).isNotEqualTo(now).doesNotContain("runtimeClassName");
    Files.writeString(definition, then);
  }

  /** Does something with the release that the tests are run with, and waits for its pods. */
  private static void helm(String verb, String... more) throws Exception {
    List<String> command =
        new ArrayList<>(List.of(System.getenv().getOrDefault("APO_HELM", "helm"), verb, "apo"));
    command.addAll(List.of(more));
    command.addAll(List.of("--namespace", Cluster.OPERATOR_NAMESPACE, "--wait", "--timeout", "3m"));
    Path log = Files.createTempFile("helm", ".log");
    int status =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(new File(log.toString()))
            .start()
            .waitFor();
    assertThat(status).as(() -> String.join(" ", command) + ": " + read(log)).isZero();
    Files.delete(log);
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
