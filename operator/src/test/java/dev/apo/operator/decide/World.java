package dev.apo.operator.decide;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.APOTrainingStatus;
import dev.apo.api.v1alpha1.Artifacts;
import dev.apo.api.v1alpha1.Condition;
import dev.apo.api.v1alpha1.ConditionType;
import dev.apo.api.v1alpha1.EstimateResults;
import dev.apo.api.v1alpha1.PrepareResults;
import dev.apo.api.v1alpha1.TrainResults;
import dev.apo.operator.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** A cluster made of records: it carries decisions out and lets time pass. */
final class World {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  Instant now = Instant.parse("2026-01-02T03:04:05Z");
  long generation = 1;
  APOTrainingSpec spec = spec("{}");
  APOTrainingStatus status;
  final List<JobState> jobs = new ArrayList<>();
  final Map<Stage, String> settings =
      new EnumMap<>(Map.of(Stage.PREPARE, "p", Stage.ESTIMATE, "e", Stage.TRAIN, "t"));

  /** A spec with the schema's defaults, and changes laid over it. */
  static APOTrainingSpec spec(String changes) {
    String defaults =
        """
        {"suspend": false,
         "model": {"uri": "s3://b/m"}, "data": {"train": {"uri": "s3://b/d"}},
         "algorithm": {"type": "APO"}, "reward": {"type": "ExactMatch"}, "storage": {"uri": "s3://b/p"},
         "estimate": {"samplesPerPrompt": 8, "shards": 2},
         "train": {"seed": 0},
         "runPolicy": {"maxRetries": 2, "stalledAfterSeconds": 600}}
        """;
    try {
      var tree = MAPPER.readTree(defaults);
      MAPPER.readerForUpdating(tree).readValue(changes);
      return MAPPER.treeToValue(tree, APOTrainingSpec.class);
    } catch (java.io.IOException e) {
      throw new IllegalArgumentException(e);
    }
  }

  Observation observe() {
    return new Observation("run", generation, spec, status, jobs, settings, null, now);
  }

  /** Decides, stores the status, and does what was decided. */
  Decision step() {
    Decision decision = Decider.decide(observe());
    for (Action action : decision.actions()) {
      if (action instanceof Action.CreateJob create) {
        jobs.add(job(create.stage(), create.attempt()));
      } else if (action instanceof Action.DeleteJob delete) {
        jobs.removeIf(job -> job.name().equals(delete.name()));
      }
    }
    status = decision.status();
    return decision;
  }

  void pass(Duration time) {
    now = now.plus(time);
  }

  JobState job(Stage stage, int attempt) {
    String name = JobNames.of("run", stage, attempt);
    boolean queued = spec.queueName() != null;
    return new JobState(
        name,
        name + "-uid",
        stage,
        attempt,
        false,
        queued,
        false,
        null,
        0,
        settings.get(stage),
        null,
        List.of());
  }

  JobState current(Stage stage) {
    return observe().jobs(stage).get(0);
  }

  void replace(JobState job) {
    jobs.removeIf(old -> old.name().equals(job.name()));
    jobs.add(job);
  }

  /** The present attempt's Job with other pods. */
  void pods(Stage stage, PodState... pods) {
    JobState job = current(stage);
    replace(copy(job, false, job.complete(), job.failure(), List.of(pods)));
  }

  void failed(Stage stage, PodState... pods) {
    replace(
        copy(
            current(stage),
            false,
            false,
            new JobState.JobFailure("BackoffLimitExceeded", "too many", null),
            List.of(pods)));
  }

  static JobState copy(
      JobState job,
      boolean suspended,
      boolean complete,
      JobState.JobFailure failure,
      List<PodState> pods) {
    return new JobState(
        job.name(),
        job.uid(),
        job.stage(),
        job.attempt(),
        job.deleting(),
        suspended,
        complete,
        failure,
        job.failedPods(),
        job.podSettings(),
        job.trouble(),
        pods);
  }

  PodState running(Stage stage, int index, PodProgress progress) {
    return pod(stage, index, PodState.Life.RUNNING, null, false, null, null, null, progress);
  }

  PodState pending(Stage stage, PodState.Trouble trouble) {
    return pod(stage, 0, PodState.Life.PENDING, null, false, null, null, trouble, null);
  }

  PodState succeeded(Stage stage, int index) {
    return pod(stage, index, PodState.Life.SUCCEEDED, 0, false, null, word(stage), null, null);
  }

  PodState overItsDisk(Stage stage, int exitCode) {
    PodState pod = ended(stage, exitCode);
    return new PodState(
        pod.name(),
        pod.stage(),
        pod.attempt(),
        1,
        pod.life(),
        pod.address(),
        pod.exitCode(),
        false,
        "Usage of EmptyDir volume \"x\" exceeds the limit \"1Mi\"",
        null,
        null,
        null,
        null,
        pod.started(),
        pod.finished());
  }

  PodState ended(Stage stage, int exitCode) {
    return pod(stage, 0, PodState.Life.FAILED, exitCode, false, null, null, null, null);
  }

  PodState pod(
      Stage stage,
      int index,
      PodState.Life life,
      Integer exitCode,
      boolean oom,
      String disruption,
      LastWord word,
      PodState.Trouble trouble,
      PodProgress progress) {
    int attempt = jobs.isEmpty() ? 1 : current(stage).attempt();
    return new PodState(
        "pod-" + stage.word() + "-" + index,
        stage,
        attempt,
        index,
        life,
        "10.0.0.1",
        exitCode,
        oom,
        null,
        disruption,
        word,
        trouble,
        progress,
        life == PodState.Life.PENDING ? null : now,
        exitCode == null ? null : now);
  }

  boolean tableReused;

  /** What each shard says that it sampled. */
  long responses = 512;

  LastWord word(Stage stage) {
    return switch (stage) {
      case PREPARE ->
          new LastWord(
              null, new PrepareResults("key", tableReused, 1000L, 64L, 16L, 0L), null, null, null);
      case ESTIMATE ->
          new LastWord(
              null,
              null,
              new EstimateResults(64L, responses, 0.5, 0.6, 0.1, 0.2, 5.0, 0.0, null),
              null,
              null);
      case TRAIN ->
          new LastWord(
              null,
              null,
              null,
              new TrainResults(10L, 0.7, 0.9, 0.7, 0.9, null, null, null, null, null, null, null),
              new Artifacts("s3://b/model", null, null, null, null));
    };
  }

  /** Completes the present stage. */
  void finish(Stage stage) {
    int shards = stage == Stage.ESTIMATE ? spec.estimate().shards() : 1;
    PodState[] pods = new PodState[shards];
    for (int i = 0; i < shards; i++) {
      pods[i] = succeeded(stage, i);
    }
    pods(stage, pods);
    step();
  }

  /** Runs on until a stage is under way. */
  void runTo(Stage stage) {
    step();
    for (Stage earlier : Stage.values()) {
      if (earlier == stage) {
        return;
      }
      finish(earlier);
    }
  }

  Condition condition(ConditionType type) {
    return status.conditions().stream().filter(c -> c.type() == type).findFirst().orElse(null);
  }
}
