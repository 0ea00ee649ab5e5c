package dev.apo.worker.algorithm;

/**
 * The coefficient of a KL penalty that keeps the divergence near a target: {@code coefficient · (1
 * + clip(KL / target − 1, ±0.2) · steps / horizon)} (Ziegler et al., arXiv 1909.08593, section
 * 2.2).
 *
 * @param coefficient the penalty per nat, now
 * @param target the wanted divergence in nats
 * @param horizon the number of steps over which a constant error changes the coefficient by 20 %
 */
public record AdaptiveKl(double coefficient, double target, double horizon) {
  /** The controller after {@code steps} responses, whose mean divergence was {@code kl}. */
  public AdaptiveKl after(double kl, int steps) {
    double error = Math.max(-0.2, Math.min(0.2, kl / target - 1));
    return new AdaptiveKl(coefficient * (1 + error * steps / horizon), target, horizon);
  }
}
