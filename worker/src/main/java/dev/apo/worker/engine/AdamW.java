package dev.apo.worker.engine;

/**
 * AdamW with decoupled weight decay and clipping by the global gradient norm (A*-PO's reference
 * settings: 0.9, 0.999, 1e-8, decay 0.01 on every parameter, norm 1).
 */
public record AdamW(
    double beta1, double beta2, double epsilon, double weightDecay, double maxGradNorm) {
  public static AdamW of(double weightDecay, double maxGradNorm) {
    return new AdamW(0.9, 0.999, 1e-8, weightDecay, maxGradNorm);
  }
}
