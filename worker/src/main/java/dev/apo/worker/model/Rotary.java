package dev.apo.worker.model;

import java.util.function.IntToDoubleFunction;

/**
 * Rotary position embedding: at position {@code t} the pair {@code i} of a head's values is turned
 * by {@code t} times its inverse frequency, and queries and keys are scaled by {@link
 * #attentionFactor}.
 *
 * @param theta base of the frequencies
 */
public record Rotary(double theta, Scaling scaling) {
  /** How a model made for short sequences reads longer ones. */
  public sealed interface Scaling {}

  public record None() implements Scaling {}

  /** Positions are divided by a factor. */
  public record Linear(double factor) implements Scaling {}

  /**
   * As Llama 3.1 does it: long waves are stretched, short ones kept, those between are mixed.
   *
   * @param originalPositions longest sequence before scaling, in tokens
   */
  public record Llama3(double factor, double lowFactor, double highFactor, double originalPositions)
      implements Scaling {}

  /**
   * YaRN, arXiv 2309.00071.
   *
   * @param attentionFactor scale of queries and keys
   * @param fast turns within the original length above which a pair keeps its frequency
   * @param slow turns below which it is stretched
   * @param truncate whether the bounds between are rounded to whole pairs
   */
  public record Yarn(
      double factor,
      double attentionFactor,
      double fast,
      double slow,
      double originalPositions,
      boolean truncate)
      implements Scaling {

    /** What the attention factor is where a model names none: equation 22 of the paper. */
    static double defaultAttentionFactor(double factor, double scale) {
      return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
    }
  }

  public static Rotary unscaled(double theta) {
    return new Rotary(theta, new None());
  }

  /** Scale of queries and keys after they are turned. */
  public double attentionFactor() {
    return scaling instanceof Yarn yarn ? yarn.attentionFactor() : 1;
  }

  /**
   * @param headDim width of a head
   * @return [headDim / 2] radians per position
   */
  public float[] inverseFrequencies(int headDim) {
    IntToDoubleFunction plain = i -> Math.pow(theta, -2.0 * i / headDim);
    IntToDoubleFunction scaled;
    if (scaling instanceof Linear linear) {
      scaled = i -> plain.applyAsDouble(i) / linear.factor();
    } else if (scaling instanceof Llama3 llama3) {
      scaled = i -> llama3(plain.applyAsDouble(i), llama3);
    } else if (scaling instanceof Yarn yarn) {
      double[] bounds = yarnBounds(headDim, yarn);
      scaled =
          i -> {
            double stretched = between0And1((i - bounds[0]) / (bounds[1] - bounds[0]));
            return plain.applyAsDouble(i) * (stretched / yarn.factor() + 1 - stretched);
          };
    } else {
      scaled = plain;
    }
    float[] result = new float[headDim / 2];
    for (int i = 0; i < result.length; i++) {
      result[i] = (float) scaled.applyAsDouble(i);
    }
    return result;
  }

  private static double llama3(double frequency, Llama3 s) {
    // Full waves within the original length.
    double waves = s.originalPositions() * frequency / (2 * Math.PI);
    double kept = between0And1((waves - s.lowFactor()) / (s.highFactor() - s.lowFactor()));
    return frequency * (kept + (1 - kept) / s.factor());
  }

  private static double between0And1(double value) {
    return Math.max(0, Math.min(1, value));
  }

  /** First and last pair of the ramp between kept and stretched frequencies. */
  private double[] yarnBounds(int headDim, Yarn s) {
    double low = pairOfTurns(s.fast(), headDim, s);
    double high = pairOfTurns(s.slow(), headDim, s);
    if (s.truncate()) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, headDim - 1);
    return new double[] {low, low == high ? high + 0.001 : high};
  }

  private double pairOfTurns(double turns, int headDim, Yarn s) {
    return headDim
        * Math.log(s.originalPositions() / (turns * 2 * Math.PI))
        / (2 * Math.log(theta));
  }
}
