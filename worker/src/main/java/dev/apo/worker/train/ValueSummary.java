package dev.apo.worker.train;

import dev.apo.worker.algorithm.ValueEstimate;
import dev.apo.worker.vstar.Sample;
import dev.apo.worker.vstar.VStarRow;
import java.util.Arrays;
import java.util.List;

/**
 * How the optimal values of a run's prompts are distributed: {@code values.json}.
 *
 * @param prompts that the V* table has
 * @param trained of them, those that are trained on
 * @param neverSolved prompts that no sample of the reference policy solved
 * @param alwaysSolved prompts that every sample solved
 * @param sampledTokens response tokens of the table: what it cost to sample
 * @param mean of V*
 * @param from the least V*
 * @param to the greatest V*
 * @param counts prompts by V*, in bins of equal width between the two
 */
record ValueSummary(
    int prompts,
    int trained,
    int neverSolved,
    int alwaysSolved,
    long sampledTokens,
    double mean,
    double from,
    double to,
    int[] counts) {
  private static final int BINS = 24;

  /**
   * @param trained prompts that are trained on
   */
  static ValueSummary of(List<VStarRow> table, ValueEstimate estimate, int trained) {
    List<double[]> rewards =
        table.stream()
            .map(row -> row.samples().stream().mapToDouble(Sample::reward).toArray())
            .toList();
    return of(
        rewards.stream().mapToDouble(estimate::vStar).toArray(),
        rewards,
        trained,
        table.stream().flatMap(row -> row.samples().stream()).mapToLong(Sample::tokens).sum());
  }

  /**
   * @param vStar of all prompts of the table
   * @param rewards [prompts][samples]
   */
  static ValueSummary of(double[] vStar, List<double[]> rewards, int trained, long sampledTokens) {
    double from = Arrays.stream(vStar).min().orElse(0);
    double to = Arrays.stream(vStar).max().orElse(0);
    int[] counts = new int[to > from ? BINS : 1];
    for (double v : vStar) {
      int bin = to > from ? (int) ((v - from) / (to - from) * BINS) : 0;
      counts[Math.min(bin, counts.length - 1)]++;
    }
    return new ValueSummary(
        vStar.length,
        trained,
        (int) rewards.stream().filter(r -> Arrays.stream(r).allMatch(x -> x <= 0)).count(),
        (int) rewards.stream().filter(r -> Arrays.stream(r).allMatch(x -> x > 0)).count(),
        sampledTokens,
        Arrays.stream(vStar).average().orElse(0),
        from,
        to,
        counts);
  }
}
