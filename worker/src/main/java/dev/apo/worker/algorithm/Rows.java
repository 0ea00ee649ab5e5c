package dev.apo.worker.algorithm;

import java.util.Arrays;
import java.util.stream.IntStream;

/** What losses do with rows, one per response. Absent ones (null) stay absent. */
final class Rows {
  private Rows() {}

  static double[][] of(double[][] matrix, int... rows) {
    return matrix == null
        ? null
        : IntStream.of(rows).mapToObj(b -> matrix[b]).toArray(double[][]::new);
  }

  static double[] of(double[] vector, int... rows) {
    return vector == null ? null : IntStream.of(rows).mapToDouble(b -> vector[b]).toArray();
  }

  /** All entries, row by row. */
  static double[] flat(double[][] matrix) {
    return Arrays.stream(matrix).flatMapToDouble(Arrays::stream).toArray();
  }

  /** Σ_t (a_t − b_t): with log-probs, the log-ratio of a whole response. */
  static double difference(double[] a, double[] b) {
    double sum = 0;
    for (int t = 0; t < a.length; t++) {
      sum += a[t] - b[t];
    }
    return sum;
  }

  /** The mean of the differences; 0 of an empty row. */
  static double meanDifference(double[] a, double[] b) {
    return a.length == 0 ? 0 : difference(a, b) / a.length;
  }

  static double mean(double[] x) {
    return Arrays.stream(x).sum() / x.length;
  }

  /** The unbiased variance; 0 of fewer than two entries. */
  static double variance(double[] x) {
    double mean = mean(x);
    return x.length < 2
        ? 0
        : Arrays.stream(x).map(v -> (v - mean) * (v - mean)).sum() / (x.length - 1);
  }

  /** Refuses rows whose lengths are not those of the log-probs. */
  static void checkShape(String name, double[][] matrix, double[][] logProbs) {
    boolean same = matrix == null || matrix.length == logProbs.length;
    for (int b = 0; same && matrix != null && b < matrix.length; b++) {
      same = matrix[b].length == logProbs[b].length;
    }
    if (!same) {
      throw new IllegalArgumentException(
          name + " rows differ in shape from the policy's log-probs");
    }
  }
}
