package dev.apo.worker.algorithm;

/**
 * The factor on the learning rate as a function of the rollout batch, counted from 0. All optimiser
 * steps of a rollout batch share one factor.
 *
 * <p>The factor rises linearly over the warm-up, {@code n / max(1, warmupSteps)}; then it is 1, or
 * falls along a half cosine to {@code minRatio} at {@code totalSteps}. Here n is the batch plus
 * {@code offset}: with 1 (the default) the first batch trains; with 0, as in the released code of
 * A*-PO, the factor of the first batch is 0 and it changes nothing.
 *
 * @param shape what follows the warm-up
 * @param warmupSteps the length of the warm-up in rollout batches
 * @param totalSteps where a cosine ends, in rollout batches; not used by a constant
 * @param minRatio the last factor of a cosine, 0 to 1; not used by a constant
 * @param offset what is added to the number of the batch
 */
public record LearningRateSchedule(
    Shape shape, int warmupSteps, int totalSteps, double minRatio, int offset) {

  /** The curve after the warm-up. */
  public enum Shape {
    CONSTANT,
    COSINE
  }

  /** A constant rate after the warm-up. */
  public static LearningRateSchedule constant(int warmupSteps) {
    return new LearningRateSchedule(Shape.CONSTANT, warmupSteps, 0, 1, 1);
  }

  /** A half cosine after the warm-up. */
  public static LearningRateSchedule cosine(int warmupSteps, int totalSteps, double minRatio) {
    return new LearningRateSchedule(Shape.COSINE, warmupSteps, totalSteps, minRatio, 1);
  }

  /** The same schedule with another offset. */
  public LearningRateSchedule withOffset(int offset) {
    return new LearningRateSchedule(shape, warmupSteps, totalSteps, minRatio, offset);
  }

  /** The factor for a rollout batch, 0 to 1. */
  public double factor(int batch) {
    int n = batch + offset;
    return switch (shape) {
      // Not the same as skipping an empty warm-up: n = 0 gives 0 here, also without any.
      case CONSTANT -> Math.min(1, n / (double) Math.max(1, warmupSteps));
      case COSINE -> n < warmupSteps ? n / (double) warmupSteps : cosine(n);
    };
  }

  private double cosine(int n) {
    double progress =
        Math.min(1, (n - warmupSteps) / (double) Math.max(1, totalSteps - warmupSteps));
    return (1 + minRatio) / 2 + (1 - minRatio) / 2 * Math.cos(Math.PI * progress);
  }
}
