package dev.apo.worker.algorithm;

/** Clipping of the gradient by its global norm, as PyTorch does it. */
public final class GradientClip {
  private GradientClip() {}

  /**
   * The factor for every gradient: {@code min(1, maxNorm / (norm + 1e-6))}; NaN if the norm is NaN,
   * and a caller must not step then.
   *
   * @param norm the L2 norm of all gradients together
   * @param maxNorm the norm not to be exceeded; positive
   */
  public static double scale(double norm, double maxNorm) {
    return Math.min(1, maxNorm / (norm + 1e-6));
  }
}
