package dev.apo.worker.algorithm;

import java.util.Arrays;

/**
 * Estimates the optimal value V* of a prompt from the rewards of responses that were sampled from
 * the reference policy: A*-PO (arXiv 2505.20686), stage 1,
 *
 * <pre>V*(x) = beta1 · ln( 1/N · Σ_i exp(r_i / beta1) )</pre>
 *
 * <p>Two values of beta1 are special, as in the released code: 0 takes the plain mean (which is
 * also the limit for a large beta1), a negative one gives 0 for every prompt.
 *
 * @param beta1 the temperature of the soft maximum, in units of the reward
 * @param samples N: how many of the rewards count, the first ones
 */
public record ValueEstimate(double beta1, int samples) {
  public ValueEstimate {
    if (!Double.isFinite(beta1)) {
      throw new IllegalArgumentException("beta1 is " + beta1);
    }
    if (samples < 1) {
      throw new IllegalArgumentException("a value is estimated from 1 sample or more: " + samples);
    }
  }

  /**
   * V* of one prompt, in units of the reward.
   *
   * @param rewards the prompt's raw rewards in sampling order; none gives 0
   * @throws IllegalArgumentException if there are some rewards but fewer than {@link #samples}, or
   *     one is not finite
   */
  public double vStar(double... rewards) {
    double[] used = first(rewards);
    if (used.length == 0 || beta1 < 0) {
      return 0;
    }
    if (beta1 == 0) {
      return Arrays.stream(used).sum() / used.length;
    }
    // Shifted by the maximum, or exp overflows for a small beta1.
    double max = Arrays.stream(used).max().getAsDouble();
    double sum = 0;
    for (double reward : used) {
      sum += Math.exp((reward - max) / beta1);
    }
    return max + beta1 * Math.log(sum / used.length);
  }

  /**
   * Whether every reward that counts is 0: then V* is 0 too, wrong responses give no gradient, and
   * the prompt may be left out of training. A prompt without rewards is never left out.
   */
  public boolean allIncorrect(double... rewards) {
    double[] used = first(rewards);
    return used.length > 0 && Arrays.stream(used).allMatch(reward -> reward == 0);
  }

  /**
   * Whether every reward that counts is at least that of a right response: there is hardly anything
   * left to learn from the prompt, and it may be left out of training.
   *
   * @param right the reward of a right response
   */
  public boolean allCorrect(double right, double... rewards) {
    double[] used = first(rewards);
    return used.length > 0 && Arrays.stream(used).allMatch(reward -> reward >= right);
  }

  /**
   * How often the prompt was solved, 0 to 1: the mean of the rewards that count, each as a part of
   * that of a right response; 0 without rewards.
   */
  public double solved(double right, double... rewards) {
    return Arrays.stream(first(rewards))
        .map(reward -> Math.max(0, Math.min(1, reward / right)))
        .average()
        .orElse(0);
  }

  private double[] first(double[] rewards) {
    if (rewards.length > 0 && rewards.length < samples) {
      throw new IllegalArgumentException(
          "V* needs " + samples + " rewards, there are " + rewards.length);
    }
    double[] used = Arrays.copyOf(rewards, Math.min(samples, rewards.length));
    for (double reward : used) {
      if (!Double.isFinite(reward)) {
        throw new IllegalArgumentException("a reward is " + reward);
      }
    }
    return used;
  }
}
