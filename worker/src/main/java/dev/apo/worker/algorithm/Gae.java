package dev.apo.worker.algorithm;

import java.util.Arrays;

/**
 * Generalised advantage estimation (arXiv 1506.02438): {@code A_t = δ_t + gamma · lambda · A_{t+1}}
 * with {@code δ_t = r_t + gamma · V_{t+1} − V_t}; behind the last token, both are 0.
 *
 * @param gamma discount of later rewards, 0 to 1
 * @param lambda weight of longer looks ahead, 0 to 1
 */
public record Gae(double gamma, double lambda) {
  /** Keeps advantages that are all the same finite, as in verl. */
  private static final double VARIANCE_EPSILON = 1e-8;

  public Gae {
    if (!(gamma >= 0 && gamma <= 1 && lambda >= 0 && lambda <= 1)) {
      throw new IllegalArgumentException("gamma %s and lambda %s".formatted(gamma, lambda));
    }
  }

  /**
   * [T] the advantages of one response.
   *
   * @param rewards [T] of its tokens
   * @param values [T] a critic's values of what precedes each token
   */
  public double[] advantages(double[] rewards, double[] values) {
    double[] advantages = new double[values.length];
    double nextValue = 0;
    double nextAdvantage = 0;
    for (int t = values.length - 1; t >= 0; t--) {
      double delta = rewards[t] + gamma * nextValue - values[t];
      advantages[t] = delta + gamma * lambda * nextAdvantage;
      nextValue = values[t];
      nextAdvantage = advantages[t];
    }
    return advantages;
  }

  /** The rows shifted and scaled to mean 0 and variance 1 over all their entries. */
  static double[][] whiten(double[][] rows) {
    double[] all = Rows.flat(rows);
    double mean = Rows.mean(all);
    double scale = 1 / Math.sqrt(Rows.variance(all) + VARIANCE_EPSILON);
    return Arrays.stream(rows)
        .map(row -> Arrays.stream(row).map(a -> (a - mean) * scale).toArray())
        .toArray(double[][]::new);
  }
}
