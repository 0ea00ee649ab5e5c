package dev.apo.worker.data;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Which rows an epoch takes, in their order: a pure function of the epoch, since a resumed run must
 * see the same, on whatever machine.
 */
public interface EpochOrder {
  /** Keeps the random numbers of weighted epochs apart from those of shuffling. */
  long WEIGHTED = 0x77656967;

  /**
   * @param epoch from 0
   * @return as many row numbers as there are rows
   */
  int[] of(int epoch);

  /** Each row once, shuffled. */
  static EpochOrder shuffled(int rows, long seed) {
    return epoch -> Shuffle.permutation(rows, seed, epoch);
  }

  /** Each row once, those that are solved more often first; equals are shuffled. */
  static EpochOrder easyToHard(double[] solved, long seed) {
    return epoch ->
        Arrays.stream(Shuffle.permutation(solved.length, seed, epoch))
            .boxed()
            .sorted(Comparator.comparingDouble(row -> -solved[row]))
            .mapToInt(Integer::intValue)
            .toArray();
  }

  /**
   * Each row in proportion to p(1−p), the variance of its being solved: rows that are always or
   * never solved teach little. Since p is measured on a few samples, it is taken as (k + ½)/(n + 1)
   * for k of n solved, so that no row is left out for good. Systematic sampling: a row comes as
   * often as its share says, rounded up or down.
   *
   * @param solved [rows] p of each
   * @param samples n that it was measured on
   */
  static EpochOrder uncertain(double[] solved, int samples, long seed) {
    double[] weights =
        Arrays.stream(solved)
            .map(p -> (p * samples + 0.5) / (samples + 1))
            .map(p -> p * (1 - p))
            .toArray();
    return epoch -> {
      int rows = weights.length;
      RandomStream random = RandomStream.of(seed, epoch, WEIGHTED);
      // Neighbours in the data must not share their luck.
      int[] candidates = Shuffle.permutation(rows, random.bits(0), epoch);
      int[] taken = systematic(weights, candidates, random.uniform(1));
      int[] order = Shuffle.permutation(rows, random.bits(2), epoch);
      return IntStream.of(order).map(i -> taken[i]).toArray();
    };
  }

  /** Takes as many as there are candidates, at equal distances on the line of their weights. */
  private static int[] systematic(double[] weights, int[] candidates, double offset) {
    double step = Arrays.stream(weights).sum() / candidates.length;
    int[] taken = new int[candidates.length];
    int i = 0;
    double end = weights[candidates[0]];
    for (int k = 0; k < taken.length; k++) {
      double point = (k + offset) * step;
      while (end <= point && i < candidates.length - 1) {
        end += weights[candidates[++i]];
      }
      taken[k] = candidates[i];
    }
    return taken;
  }
}
