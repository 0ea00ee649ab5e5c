package dev.apo.worker.train;

import java.util.ArrayList;
import java.util.List;

/**
 * Where a training run stands; with the weights and the optimizer's moments, all that a checkpoint
 * holds. Shuffling and sampling are functions of the seed and the step, so the step is also the
 * data cursor and the random state.
 *
 * @param step rollout batches done
 * @param optimizerStep optimizer steps done
 * @param generatedTokens response tokens sampled so far
 * @param trainSeconds time spent training so far, over all attempts
 * @param evaluateSeconds time spent evaluating so far
 * @param evaluations accuracy over time, the start included
 */
public record TrainingState(
    int step,
    int optimizerStep,
    long generatedTokens,
    double trainSeconds,
    double evaluateSeconds,
    List<Evaluation> evaluations) {

  /** Held-out accuracy, 0 to 1, after some steps. */
  public record Evaluation(int step, double accuracy) {}

  public static final TrainingState START = new TrainingState(0, 0, 0, 0, 0, List.of());

  TrainingState advanced(int optimizerSteps, long tokens, double seconds) {
    return new TrainingState(
        step + 1,
        optimizerStep + optimizerSteps,
        generatedTokens + tokens,
        trainSeconds + seconds,
        evaluateSeconds,
        evaluations);
  }

  TrainingState evaluated(double accuracy, double seconds) {
    var all = new ArrayList<>(evaluations);
    all.add(new Evaluation(step, accuracy));
    return new TrainingState(
        step,
        optimizerStep,
        generatedTokens,
        trainSeconds,
        evaluateSeconds + seconds,
        List.copyOf(all));
  }

  /** Whether the newest evaluation is of this very step. */
  boolean isEvaluated() {
    return !evaluations.isEmpty() && evaluations.get(evaluations.size() - 1).step() == step;
  }

  /** How many evaluations came after the best one. */
  int evaluationsSinceBest() {
    return evaluations.isEmpty() ? 0 : evaluations.size() - 1 - evaluations.indexOf(best());
  }

  /** The first of the best evaluations, or null. */
  public Evaluation best() {
    Evaluation best = null;
    for (Evaluation e : evaluations) {
      if (best == null || e.accuracy() > best.accuracy()) {
        best = e;
      }
    }
    return best;
  }
}
