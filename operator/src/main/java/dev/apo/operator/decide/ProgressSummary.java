package dev.apo.operator.decide;

import dev.apo.api.v1alpha1.PrepareResults;
import dev.apo.api.v1alpha1.Progress;
import dev.apo.api.v1alpha1.TrainResults;
import dev.apo.operator.Stage;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Adds up what the pods of a stage say of their progress. */
final class ProgressSummary {
  /** The largest count that a status holds. */
  private static final double MOST = 9007199254740991.0;

  private ProgressSummary() {}

  /** A count that a status holds, whatever workers made it of. */
  static long count(double number) {
    return (long) Math.min(MOST, number);
  }

  /**
   * The progress of a stage.
   *
   * @param prepared what is known of the whole; null if nothing is
   * @param samplesPerPrompt responses to each prompt
   * @return null if no pod has said anything yet
   */
  static Progress of(
      Stage stage, List<PodState> pods, int shards, PrepareResults prepared, int samplesPerPrompt) {
    List<PodState> talking =
        pods.stream()
            .filter(pod -> pod.life() == PodState.Life.RUNNING && pod.progress() != null)
            .filter(pod -> pod.progress().hasBegun())
            .toList();
    Set<Integer> finished = new HashSet<>();
    pods.stream()
        .filter(pod -> pod.life() == PodState.Life.SUCCEEDED)
        .forEach(pod -> finished.add(pod.index()));
    if (talking.isEmpty() && (finished.isEmpty() || stage != Stage.ESTIMATE)) {
      return null;
    }
    return stage == Stage.ESTIMATE
        ? estimate(talking, shards, finished.size(), prepared, samplesPerPrompt)
        : single(stage, talking.get(0).progress());
  }

  private static Progress estimate(
      List<PodState> talking, int shards, int finished, PrepareResults prepared, int samples) {
    long total =
        prepared != null && prepared.trainPrompts() != null
            ? count((double) prepared.trainPrompts() * samples)
            : count(talking.stream().mapToDouble(pod -> pod.progress().total()).sum());
    long done = Math.round((double) total * finished / shards);
    Long eta = null;
    for (PodState pod : talking) {
      done += pod.progress().done();
      if (pod.progress().etaSeconds() != null) {
        eta = Math.max(eta == null ? 0 : eta, pod.progress().etaSeconds());
      }
    }
    int waiting = shards - finished - talking.size();
    // Shards that have not begun will take as long as those that run.
    Long left = eta == null || waiting > 0 ? null : eta;
    return progress(
        Math.min(done, total),
        total,
        left,
        shards,
        finished,
        "responses, " + finished + " of " + shards + " shards");
  }

  private static Progress single(Stage stage, PodProgress pod) {
    String unit = stage == Stage.TRAIN ? "steps" : "checks";
    return progress(pod.done(), pod.total(), pod.etaSeconds(), null, null, unit);
  }

  private static Progress progress(
      long done, long total, Long eta, Integer shards, Integer shardsDone, String unit) {
    int percent = total <= 0 ? 0 : (int) Math.max(0, Math.min(100, 100 * done / total));
    String message =
        String.format(Locale.ROOT, "%d/%d %s (%d%%)", done, total, unit, percent)
            + (eta == null || eta == 0 ? "" : ", " + duration(eta) + " left");
    return new Progress(done, total, percent, eta, shards, shardsDone, message);
  }

  /** A duration in its largest one or two units, as {@code 2h5m}. */
  static String duration(long seconds) {
    long minutes = seconds / 60;
    long hours = minutes / 60;
    if (hours >= 24) {
      return hours / 24 + "d" + hours % 24 + "h";
    }
    if (hours > 0) {
      return hours + "h" + minutes % 60 + "m";
    }
    return minutes > 0 ? minutes + "m" + seconds % 60 + "s" : seconds + "s";
  }

  /** The results of training so far. */
  static TrainResults results(TrainResults old, PodProgress pod) {
    return merge(
        old,
        new TrainResults(
            pod.done(),
            pod.figures().get("reward"),
            pod.figures().get("accuracy"),
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null));
  }

  /** What is not known now is as it was. */
  static TrainResults merge(TrainResults old, TrainResults now) {
    return old == null
        ? now
        : new TrainResults(
            either(now.steps(), old.steps()),
            either(now.reward(), old.reward()),
            either(now.accuracy(), old.accuracy()),
            either(now.accuracyBefore(), old.accuracyBefore()),
            either(now.bestAccuracy(), old.bestAccuracy()),
            either(now.kl(), old.kl()),
            either(now.loss(), old.loss()),
            either(now.responseTokens(), old.responseTokens()),
            either(now.tokensPerSecond(), old.tokensPerSecond()),
            either(now.stoppedEarly(), old.stoppedEarly()),
            either(now.filteredPrompts(), old.filteredPrompts()),
            either(now.savedResponses(), old.savedResponses()));
  }

  private static <T> T either(T now, T old) {
    return now != null ? now : old;
  }
}
