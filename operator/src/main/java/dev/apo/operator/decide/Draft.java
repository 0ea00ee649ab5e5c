package dev.apo.operator.decide;

import dev.apo.api.v1alpha1.APOTrainingStatus;
import dev.apo.api.v1alpha1.AlgorithmType;
import dev.apo.api.v1alpha1.Artifacts;
import dev.apo.api.v1alpha1.ConditionType;
import dev.apo.api.v1alpha1.EstimateResults;
import dev.apo.api.v1alpha1.Phase;
import dev.apo.api.v1alpha1.PrepareResults;
import dev.apo.api.v1alpha1.Progress;
import dev.apo.api.v1alpha1.Results;
import dev.apo.api.v1alpha1.TrainResults;
import dev.apo.operator.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A status while it is being worked out, from the stored one and new facts. */
final class Draft {
  private final Observation seen;
  private final Conditions conditions;
  private final Map<Stage, StageDraft> stages = new EnumMap<>(Stage.class);
  private final Phase oldPhase;
  private Instant phaseTime;
  private Phase phase;
  private String progress;
  private Duration activeBefore;
  private Instant activeSince;
  private PrepareResults prepared;
  private EstimateResults estimated;
  private TrainResults trained;
  private Artifacts artifacts;

  Draft(Observation seen) {
    this.seen = seen;
    APOTrainingStatus old = seen.status();
    conditions =
        new Conditions(old == null ? null : old.conditions(), seen.generation(), seen.now());
    stages.put(Stage.PREPARE, new StageDraft(old == null ? null : old.prepare()));
    stages.put(Stage.ESTIMATE, new StageDraft(old == null ? null : old.estimate()));
    stages.put(Stage.TRAIN, new StageDraft(old == null ? null : old.train()));
    oldPhase = old == null || old.phase() == null ? Phase.PENDING : old.phase();
    phase = oldPhase;
    activeBefore = Duration.ZERO;
    if (old != null) {
      progress = old.progress();
      phaseTime = Times.parse(old.phaseTime());
      activeSince = Times.parse(old.activeSince());
      artifacts = old.artifacts();
      if (old.activeSeconds() != null) {
        activeBefore = Duration.ofSeconds(old.activeSeconds());
      }
      if (old.results() != null) {
        prepared = old.results().prepare();
        estimated = old.results().estimate();
        trained = old.results().train();
      }
    }
  }

  Conditions conditions() {
    return conditions;
  }

  StageDraft stage(Stage stage) {
    return stages.get(stage);
  }

  boolean isTerminal() {
    return conditions.isTrue(ConditionType.SUCCEEDED) || conditions.isTrue(ConditionType.FAILED);
  }

  boolean isComplete(Stage stage) {
    return conditions.isTrue(stage.condition());
  }

  /** Whether the algorithm reads a V* table. */
  boolean needsValues() {
    return seen.spec().algorithm().type() == AlgorithmType.APO;
  }

  boolean isTableReused() {
    return prepared != null && Boolean.TRUE.equals(prepared.vstarReused());
  }

  String vstarKey() {
    return prepared.vstarKey();
  }

  boolean wasQueued() {
    return oldPhase == Phase.QUEUED;
  }

  // --- time -------------------------------------------------------------------------------------

  /** The run takes time from its deadline. */
  void active(Phase now) {
    phase = now;
    if (activeSince == null) {
      activeSince = seen.now();
    }
  }

  /** The run takes no time from its deadline. */
  void inactive(Phase now) {
    phase = now;
    activeBefore = activeTime();
    activeSince = null;
  }

  boolean isActive() {
    return activeSince != null;
  }

  Duration activeTime() {
    return activeSince == null
        ? activeBefore
        : activeBefore.plus(Duration.between(activeSince, seen.now()));
  }

  // --- facts ------------------------------------------------------------------------------------

  /** The stage is not complete, and why. */
  void waiting(Stage stage, Reason reason, String message) {
    conditions.doesNotHold(stage.condition(), reason, message);
  }

  /** What an earlier stage or attempt said is no longer true. */
  void noProgressYet() {
    progress = null;
  }

  void progress(Stage stage, List<PodState> pods) {
    Progress now =
        ProgressSummary.of(
            stage, pods, seen.shards(stage), prepared, seen.spec().estimate().samplesPerPrompt());
    if (now == null) {
      return;
    }
    stage(stage).progress(now, seen.now());
    progress = now.message();
    if (stage == Stage.TRAIN) {
      pods.stream()
          .map(PodState::progress)
          .filter(Objects::nonNull)
          .findFirst()
          .ifPresent(pod -> trained = ProgressSummary.results(trained, pod));
    }
  }

  void complete(Stage stage, List<LastWord> words) {
    stage(stage).completed(seen.now());
    for (LastWord word : words) {
      prepared = word.prepare() != null ? word.prepare() : prepared;
      // Only the shard that found all the others complete knows the table's figures.
      boolean figures = word.estimate() != null && word.estimate().reward() != null;
      estimated = figures || estimated == null ? orElse(word.estimate(), estimated) : estimated;
      trained = word.train() != null ? ProgressSummary.merge(trained, word.train()) : trained;
      artifacts = word.artifacts() != null ? merge(artifacts, word.artifacts()) : artifacts;
    }
    if (stage == Stage.ESTIMATE && estimated != null) {
      estimated = withResponses(estimated, words);
    }
    conditions.holds(stage.condition(), Reason.COMPLETED, summary(stage));
    endStalling();
  }

  /** Each shard tells of the responses that it sampled itself. */
  private static EstimateResults withResponses(EstimateResults table, List<LastWord> words) {
    long responses =
        ProgressSummary.count(
            words.stream()
                .map(LastWord::estimate)
                .filter(shard -> shard != null && shard.responses() != null)
                .mapToDouble(EstimateResults::responses)
                .sum());
    return new EstimateResults(
        table.prompts(),
        responses,
        table.reward(),
        table.value(),
        table.unsolvedFraction(),
        table.solvedFraction(),
        table.responseTokens(),
        table.truncatedFraction(),
        table.tokensPerSecond());
  }

  /** The estimate is not needed. */
  void completeWithout(Reason reason, String message) {
    conditions.holds(Stage.ESTIMATE.condition(), reason, message);
  }

  void suspend(Reason reason, String message) {
    for (Stage stage : Stage.values()) {
      if (!isComplete(stage)) {
        waiting(stage, reason, message);
        break;
      }
    }
    conditions.holds(ConditionType.SUSPENDED, reason, message);
    endStalling();
    inactive(Phase.SUSPENDED);
  }

  void succeed() {
    conditions.holds(ConditionType.SUCCEEDED, Reason.SUCCEEDED, summary(Stage.TRAIN));
    inactive(Phase.SUCCEEDED);
    progress = "100%";
  }

  void fail(Stage stage, Reason reason, String message) {
    waiting(stage, reason, message);
    conditions.holds(ConditionType.FAILED, reason, stage.word() + ": " + message);
    conditions.doesNotHold(ConditionType.SUCCEEDED, reason, stage.word() + ": " + message);
    endStalling();
    inactive(Phase.FAILED);
  }

  private void endStalling() {
    if (conditions.isTrue(ConditionType.STALLED)) {
      conditions.doesNotHold(ConditionType.STALLED, Reason.PROGRESSING, "The stage has ended");
    }
  }

  private String table() {
    if (!needsValues()) {
      return "no V* table is needed";
    }
    return isTableReused() ? "the V* table is there" : "the V* table is to be sampled";
  }

  private String summary(Stage stage) {
    return switch (stage) {
      case PREPARE ->
          (prepared.trainPrompts() == null
                  ? ""
                  : prepared.trainPrompts() + " prompts to train on; ")
              + table();
      case ESTIMATE ->
          estimated == null || estimated.reward() == null
              ? "The V* table is complete"
              : "The V* table is complete; mean reward %.3f".formatted(estimated.reward());
      case TRAIN ->
          trained == null || trained.accuracy() == null
              ? "The model is exported"
              : trained.accuracyBefore() == null
                  ? "The model is exported; accuracy %.3f".formatted(trained.accuracy())
                  : "The model is exported; accuracy %.3f, before %.3f"
                      .formatted(trained.accuracy(), trained.accuracyBefore());
    };
  }

  private static <T> T orElse(T value, T otherwise) {
    return value != null ? value : otherwise;
  }

  private static Artifacts merge(Artifacts old, Artifacts now) {
    return old == null
        ? now
        : new Artifacts(
            orElse(now.model(), old.model()),
            orElse(now.metrics(), old.metrics()),
            orElse(now.report(), old.report()),
            orElse(now.vstar(), old.vstar()),
            orElse(now.vstarKey(), old.vstarKey()));
  }

  APOTrainingStatus build() {
    int attempts = stages.values().stream().mapToInt(StageDraft::attempt).sum();
    boolean results = prepared != null || estimated != null || trained != null;
    return new APOTrainingStatus(
        phase,
        Times.format(seen.status() != null && phase == oldPhase ? phaseTime : seen.now()),
        progress,
        conditions.build(),
        seen.generation(),
        attempts,
        activeBefore.toSeconds(),
        Times.format(activeSince),
        stage(Stage.PREPARE).build(),
        stage(Stage.ESTIMATE).build(),
        stage(Stage.TRAIN).build(),
        results ? new Results(prepared, estimated, trained) : null,
        artifacts);
  }
}
