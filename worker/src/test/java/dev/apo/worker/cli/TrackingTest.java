package dev.apo.worker.cli;

import static dev.apo.worker.cli.Workplace.STOPPED;
import static dev.apo.worker.cli.Workplace.trained;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.worker.mlflow.MlflowServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs that are tracked elsewhere, too. */
@Tag("slow")
class TrackingTest {
  @TempDir Path directory;

  @Test
  void aStoppedRunGoesOnInTheSameRunOfMlflow() {
    try (var server = new MlflowServer(0)) {
      var workplace = new Workplace(directory).environment("MLFLOW_TRACKING_URI", server.uri());

      workplace.stopped("TERM", 1, trained(3), "run").endsWith(STOPPED);
      MlflowServer.Run run = server.onlyRun();
      assertThat(run.status).isEqualTo("KILLED");
      workplace.process("run").succeeds();

      assertThat(server.onlyRun()).isSameAs(run);
      List<String> expected =
          workplace.metrics().subList(1, 7).stream()
              .map(m -> m.get("step") + "=" + m.get("critic/rewards/mean"))
              .toList();
      assertThat(run.metrics.get("critic/rewards/mean")).isEqualTo(expected);
      assertThat(run.metrics.get("val/test_correctness_score")).hasSize(3);
      assertThat(run.params)
          .containsEntry("train.batchSize", "8")
          .containsEntry("algorithm.type", "APO");
      assertThat(run.tags).containsEntry("apo.name", "sums").containsKey("apo.report");
      assertThat(run.status).isEqualTo("FINISHED");
    }
  }

  @Test
  void aServerThatCameLateGetsTheStepsBeforeTheKill() {
    var workplace = new Workplace(directory);
    workplace.killedAfterStep(3);
    try (var server = new MlflowServer(0)) {
      workplace.environment("MLFLOW_TRACKING_URI", server.uri()).process("run").succeeds();

      assertThat(server.onlyRun().metrics.get("critic/rewards/mean")).hasSize(6);
    }
  }

  @Test
  void withoutItsServerARunIsTheSame() {
    var plain = new Workplace(directory.resolve("plain"));
    plain.apo("run").succeeds();
    var alone =
        new Workplace(directory.resolve("alone"))
            .environment("MLFLOW_TRACKING_URI", "http://127.0.0.1:1");

    Workplace.Outcome outcome = alone.process("run").succeeds();

    assertThat(outcome.err().lines().filter(line -> line.contains("MLflow"))).hasSize(1);
    assertThat(alone.results()).isEqualTo(plain.results());
  }

  @Test
  void tensorBoardsFileLiesBesideTheMetricsAndSurvivesAKill() throws IOException {
    var workplace = new Workplace(directory).set("tracking.tensorBoard", true);
    Path events = workplace.run("events.out.tfevents.apo");

    workplace.killedAfterStep(3);
    long before = Files.size(events);
    workplace.apo("run").succeeds();

    assertThat(Files.size(events)).isGreaterThan(before);
    String text = Files.readString(events, ISO_8859_1);
    int steps = 6;
    assertThat(text.split("critic/rewards/mean", -1)).hasSize(steps + 1);
    assertThat(text.split("val/test_correctness_score", -1)).hasSize(3 + 1);
  }
}
