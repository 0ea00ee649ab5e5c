package dev.apo.worker.algorithm;

/**
 * AdamW with decoupled weight decay, in double precision: what the engine's optimiser must match.
 */
final class AdamW {
  private final double learningRate;
  private final double beta1;
  private final double beta2;
  private final double epsilon;
  private final double weightDecay;
  private final double[] mean;
  private final double[] variance;
  private int steps;

  AdamW(
      int size,
      double learningRate,
      double beta1,
      double beta2,
      double epsilon,
      double weightDecay) {
    this.learningRate = learningRate;
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
    this.weightDecay = weightDecay;
    this.mean = new double[size];
    this.variance = new double[size];
  }

  void step(double[] weights, double[] gradient) {
    steps++;
    for (int i = 0; i < weights.length; i++) {
      mean[i] = beta1 * mean[i] + (1 - beta1) * gradient[i];
      variance[i] = beta2 * variance[i] + (1 - beta2) * gradient[i] * gradient[i];
      double unbiasedMean = mean[i] / (1 - Math.pow(beta1, steps));
      double unbiasedVariance = variance[i] / (1 - Math.pow(beta2, steps));
      weights[i] *= 1 - learningRate * weightDecay;
      weights[i] -= learningRate * unbiasedMean / (Math.sqrt(unbiasedVariance) + epsilon);
    }
  }
}
