package dev.apo.worker.algorithm;

/** A token distribution in double precision, with the derivatives that the engine must match. */
record Softmax(double[] logProbs, double temperature) {
  static Softmax of(double[] logits, double temperature) {
    double max = Double.NEGATIVE_INFINITY;
    for (double logit : logits) {
      max = Math.max(max, logit / temperature);
    }
    double sum = 0;
    for (double logit : logits) {
      sum += Math.exp(logit / temperature - max);
    }
    double[] logProbs = new double[logits.length];
    for (int v = 0; v < logits.length; v++) {
      logProbs[v] = logits[v] / temperature - max - Math.log(sum);
    }
    return new Softmax(logProbs, temperature);
  }

  double prob(int v) {
    return Math.exp(logProbs[v]);
  }

  double entropy() {
    double entropy = 0;
    for (int v = 0; v < logProbs.length; v++) {
      entropy -= prob(v) * logProbs[v];
    }
    return entropy;
  }

  /** The derivative of {@code weight · log p(token)} with respect to the logits. */
  double[] logProbGradient(int token, double weight) {
    double[] gradient = new double[logProbs.length];
    for (int v = 0; v < gradient.length; v++) {
      gradient[v] = weight * ((v == token ? 1 : 0) - prob(v)) / temperature;
    }
    return gradient;
  }

  /** The derivative of {@code weight · entropy} with respect to the logits. */
  double[] entropyGradient(double weight) {
    double[] gradient = new double[logProbs.length];
    for (int v = 0; v < gradient.length; v++) {
      gradient[v] = -weight * prob(v) * (logProbs[v] + entropy()) / temperature;
    }
    return gradient;
  }
}
