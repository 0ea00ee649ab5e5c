package dev.apo.worker.train;

import dev.apo.api.v1alpha1.AlgorithmSpec;
import dev.apo.worker.algorithm.ValueEstimate;
import dev.apo.worker.data.EpochOrder;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.vstar.Sample;
import dev.apo.worker.vstar.VStarRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The prompts that are trained on, with what the V* table says of them.
 *
 * @param vStar [prompts] optimal values
 * @param solved [prompts] how often the reference policy solved them, 0 to 1
 * @param neverSolved prompts that were left out because no response was right
 * @param alwaysSolved prompts that were left out because all were
 */
record TrainingSet(
    List<Prompt> prompts, double[] vStar, double[] solved, int neverSolved, int alwaysSolved) {

  /**
   * Reads values and filters from a table.
   *
   * @param prompts those that the table's rows number
   * @param right the reward of a right response
   */
  static TrainingSet of(
      List<VStarRow> table,
      List<Prompt> prompts,
      ValueEstimate estimate,
      AlgorithmSpec algorithm,
      double right) {
    var kept = new ArrayList<Prompt>();
    var values = new ArrayList<Double>();
    var solved = new ArrayList<Double>();
    int never = 0;
    int always = 0;
    for (VStarRow row : table) {
      double[] rewards = row.samples().stream().mapToDouble(Sample::reward).toArray();
      if (algorithm.filterAllIncorrect() && estimate.allIncorrect(rewards)) {
        never++;
      } else if (algorithm.filterAllCorrect() && estimate.allCorrect(right, rewards)) {
        always++;
      } else {
        kept.add(prompts.get(row.row()));
        values.add(estimate.vStar(rewards));
        solved.add(estimate.solved(right, rewards));
      }
    }
    return new TrainingSet(List.copyOf(kept), array(values), array(solved), never, always);
  }

  /** All prompts, for an algorithm that needs no V* table. */
  static TrainingSet withoutValues(List<Prompt> prompts) {
    double[] unknown = new double[prompts.size()];
    Arrays.fill(unknown, Double.NaN);
    return new TrainingSet(prompts, unknown, unknown, 0, 0);
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** Prompts that were left out. */
  int filtered() {
    return neverSolved + alwaysSolved;
  }

  /**
   * The order of epochs.
   *
   * @param samples how many responses each prompt's value comes from
   */
  EpochOrder order(AlgorithmSpec algorithm, int samples, long seed) {
    return switch (algorithm.curriculum()) {
      case NONE -> EpochOrder.shuffled(prompts.size(), seed);
      case EASY_TO_HARD -> EpochOrder.easyToHard(solved, seed);
      case UNCERTAIN -> EpochOrder.uncertain(solved, samples, seed);
    };
  }
}
