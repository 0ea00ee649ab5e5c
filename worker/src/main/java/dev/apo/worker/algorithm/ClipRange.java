package dev.apo.worker.algorithm;

/**
 * The clipped surrogate of PPO (arXiv 1707.06347, equation 7) as a loss, with bounds of their own
 * below and above (DAPO, arXiv 2503.14476) and a bound for negative advantages (dual clip, arXiv
 * 1912.09729): with ρ = exp(log-ratio),
 *
 * <pre>max(−A ρ, −A clip(ρ, 1 − low, 1 + high)), and no more than −A · dual where A &lt; 0</pre>
 *
 * <p>As verl does, the log-ratio is clamped to ±20 first.
 *
 * @param low how far a ratio may fall below 1
 * @param high how far it may rise above 1
 * @param dual the ratio above which a token with a negative advantage has no gradient; infinite for
 *     no such bound
 */
public record ClipRange(double low, double high, double dual) {
  private static final double MOST_LOG_RATIO = 20;

  public ClipRange {
    if (!(low >= 0) || !(high >= 0) || !(dual > 1)) {
      throw new IllegalArgumentException("a clip range of %s, %s, %s".formatted(low, high, dual));
    }
  }

  /** Without the dual bound. */
  public static ClipRange of(double low, double high) {
    return new ClipRange(low, high, Double.POSITIVE_INFINITY);
  }

  /**
   * One token, or one response where the ratio is a response's.
   *
   * @param gradient with respect to the log-ratio
   * @param clipped whether the range bounds the objective
   * @param dualClipped whether the bound for negative advantages does
   */
  public record Objective(double loss, double gradient, boolean clipped, boolean dualClipped) {}

  /** The loss at a log-ratio, log π − log π_old. */
  public Objective at(double logRatio, double advantage) {
    double ratio = Math.exp(clamp(logRatio, -MOST_LOG_RATIO, MOST_LOG_RATIO));
    double free = -advantage * ratio;
    double bounded = -advantage * clamp(ratio, 1 - low, 1 + high);
    boolean clipped = bounded > free;
    double loss = Math.max(free, bounded);
    boolean dualClipped = advantage < 0 && -advantage * dual < loss;
    boolean flat = clipped || dualClipped || Math.abs(logRatio) > MOST_LOG_RATIO;
    return new Objective(
        dualClipped ? -advantage * dual : loss, flat ? 0 : free, clipped, dualClipped);
  }

  private static double clamp(double x, double least, double most) {
    return Math.max(least, Math.min(most, x));
  }
}
