package dev.apo.worker.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.worker.telemetry.Tracker;
import dev.apo.worker.telemetry.Tracker.Ending;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MlflowTrackerTest {
  private final MlflowServer server = new MlflowServer(0);
  private final Map<String, String> env =
      new HashMap<>(Map.of("MLFLOW_TRACKING_URI", server.uri()));
  private final Map<String, String> params = new TreeMap<>(Map.of("train.steps", "300"));
  private final List<String> messages = Collections.synchronizedList(new ArrayList<>());
  private final Map<String, String> known = Collections.synchronizedMap(new HashMap<>());

  private final MlflowTracker.Memory memory =
      new MlflowTracker.Memory() {
        @Override
        public String runId(String server) {
          return known.get(server);
        }

        @Override
        public void remember(String server, String runId) {
          known.put(server, runId);
        }
      };

  @AfterEach
  void close() {
    server.close();
  }

  private Tracker tracker() {
    var subject = new MlflowTracker.Subject("sums", params, Map.of("apo.uid", "local"));
    return MlflowTracker.of(env, subject, memory, messages::add).get(0);
  }

  @Test
  void aTrainingIsARunWithParametersTagsMetricsAndAnEnd() {
    Tracker tracker = tracker();
    tracker.append(1, Map.of("critic/rewards/mean", 0.5));
    tracker.append(2, Map.of("critic/rewards/mean", 0.75, "critic/kl", Double.NaN));
    tracker.append(2, Map.of("val/test_correctness_score", 1.0));
    tracker.end(Ending.FINISHED);

    MlflowServer.Run run = server.onlyRun();
    assertThat(run.name).isEqualTo("sums");
    assertThat(run.experiment).isEqualTo("0");
    assertThat(run.params).isEqualTo(Map.of("train.steps", "300"));
    assertThat(run.tags).isEqualTo(Map.of("apo.uid", "local"));
    assertThat(run.metrics)
        .isEqualTo(
            Map.of(
                "critic/rewards/mean", List.of("1=0.5", "2=0.75"),
                "val/test_correctness_score", List.of("2=1.0")));
    assertThat(run.status).isEqualTo("FINISHED");
    assertThat(run.ended).isTrue();
    assertThat(messages).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"FINISHED, FINISHED", "STOPPED, KILLED", "FAILED, FAILED"})
  void howItEndedIsTheRunsStatus(Ending ending, String status) {
    tracker().end(ending);

    assertThat(server.onlyRun().status).isEqualTo(status);
  }

  @Test
  void anotherAttemptGoesOnInTheSameRunAndSendsNothingTwice() {
    Tracker first = tracker();
    first.append(1, Map.of("reward", 0.1, "accuracy", 0.5));
    first.append(2, Map.of("reward", 0.2));
    first.append(3, Map.of("reward", 0.3));
    first.end(Ending.STOPPED);

    Tracker second = tracker();
    second.append(3, Map.of("reward", 0.3));
    second.append(3, Map.of("accuracy", 0.6));
    second.append(4, Map.of("reward", 0.4));
    second.end(Ending.FINISHED);

    MlflowServer.Run run = server.onlyRun();
    assertThat(run.metrics.get("reward")).containsExactly("1=0.1", "2=0.2", "3=0.3", "4=0.4");
    assertThat(run.metrics.get("accuracy")).containsExactly("1=0.5", "3=0.6");
    assertThat(run.status).isEqualTo("FINISHED");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aRunThatTheServerHasNoLongerIsBegunAnew(boolean deleted) {
    tracker().end(Ending.STOPPED);
    if (deleted) {
      server.onlyRun().deleted = true;
    } else {
      known.put(known.keySet().iterator().next(), "of-another-time");
    }
    tracker().end(Ending.FINISHED);

    assertThat(server.runs.get("run-1").status).isEqualTo("FINISHED");
    assertThat(known).containsValue("run-1");
    assertThat(messages).isEmpty();
  }

  @Test
  void theExperimentIsCreatedOnce() {
    env.put("MLFLOW_EXPERIMENT_NAME", "sums & products");
    env.put("MLFLOW_RUN_NAME", "mine");
    tracker().end(Ending.FINISHED);
    known.clear();
    tracker().end(Ending.FINISHED);

    assertThat(server.experiments).containsEntry("sums & products", "1").hasSize(2);
    assertThat(server.runs.values()).hasSize(2).allMatch(run -> run.experiment.equals("1"));
    assertThat(server.runs.values()).allMatch(run -> run.name.equals("mine"));
  }

  @Test
  void muchIsSentInTheBatchesThatTheServerTakes() {
    for (int i = 0; i < 250; i++) {
      params.put("param." + i, "x".repeat(3 * i));
    }
    Map<String, Double> metrics = new TreeMap<>();
    for (int i = 0; i < 999; i++) {
      metrics.put("metric/" + i, (double) i);
    }
    Tracker tracker = tracker();
    for (int step = 1; step <= 5; step++) {
      tracker.append(step, metrics);
    }
    tracker.end(Ending.FINISHED);

    assertThat(server.onlyRun().params).hasSize(251);
    assertThat(server.onlyRun().params.get("param.249")).hasSize(500);
    assertThat(server.onlyRun().metrics)
        .hasSize(999)
        .allSatisfy((k, v) -> assertThat(v).hasSize(5));
    assertThat(messages).isEmpty();
  }

  @Test
  void aServerThatIsAwayIsToldOfOnceAndGetsEverythingLater() throws InterruptedException {
    int port = server.port();
    server.close();
    Tracker tracker = tracker();
    tracker.append(1, Map.of("reward", 0.1));
    while (messages.isEmpty()) {
      Thread.sleep(2);
    }
    try (var back = new MlflowServer(port)) {
      tracker.append(2, Map.of("reward", 0.2));
      tracker.end(Ending.FINISHED);

      assertThat(back.onlyRun().metrics.get("reward")).containsExactly("1=0.1", "2=0.2");
      assertThat(back.onlyRun().status).isEqualTo("FINISHED");
    }
    assertThat(messages).hasSize(1);
    assertThat(messages.get(0)).contains(server.uri(), "cannot be reached", "training goes on");
  }

  @ParameterizedTest
  @ValueSource(ints = {302, 401, 403, 404, 500, 503})
  void aServerThatDoesNotDoItsWorkIsToldOfOnce(int status) {
    server.failure = status;
    Tracker tracker = tracker();
    tracker.append(1, Map.of("reward", 0.1));
    tracker.end(Ending.FINISHED);

    assertThat(messages).hasSize(1);
    assertThat(messages.get(0)).contains("HTTP " + status, "training goes on");
    assertThat(server.runs).isEmpty();
  }

  @Test
  void credentialsAreSentAndNeverShown() {
    env.put("MLFLOW_TRACKING_USERNAME", "me");
    env.put("MLFLOW_TRACKING_PASSWORD", "s3cret");
    tracker().end(Ending.FINISHED);
    assertThat(server.authorizations).containsOnly("Basic bWU6czNjcmV0");

    server.authorizations.clear();
    env.put("MLFLOW_TRACKING_TOKEN", "t0ken");
    server.failure = 403;
    tracker().end(Ending.FINISHED);
    assertThat(server.authorizations).containsOnly("Bearer t0ken");

    server.authorizations.clear();
    env.keySet().removeIf(name -> !name.equals("MLFLOW_TRACKING_URI"));
    env.put("MLFLOW_TRACKING_URI", server.uri().replace("//", "//me:s3cret@"));
    tracker().end(Ending.FINISHED);
    assertThat(server.authorizations).containsOnly("Basic bWU6czNjcmV0");
    assertThat(messages).noneMatch(m -> m.contains("s3cret") || m.contains("t0ken"));
    assertThat(known.toString()).doesNotContain("s3cret");
  }

  @ParameterizedTest
  @ValueSource(strings = {"databricks", "./mlruns", "sqlite:///mlflow.db", "http://"})
  void anAddressThatIsNoServersIsToldOfAndTracksNothing(String address) {
    env.put("MLFLOW_TRACKING_URI", address);
    var subject = new MlflowTracker.Subject("sums", params, Map.of());

    assertThat(MlflowTracker.of(env, subject, memory, messages::add)).isEmpty();
    assertThat(messages).hasSize(1);
    assertThat(messages.get(0)).contains("MLFLOW_TRACKING_URI", "http://");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  "})
  void withoutAnAddressNothingHappens(String address) {
    env.put("MLFLOW_TRACKING_URI", address);
    var subject = new MlflowTracker.Subject("sums", params, Map.of());

    assertThat(MlflowTracker.of(env, subject, memory, messages::add)).isEmpty();
    assertThat(MlflowTracker.of(Map.of(), subject, memory, messages::add)).isEmpty();
    assertThat(messages).isEmpty();
  }
}
