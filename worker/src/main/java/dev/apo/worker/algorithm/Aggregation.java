package dev.apo.worker.algorithm;

/** How figures of tokens become one figure of a mini-batch; the names are verl's. */
public enum Aggregation {
  /** The mean over all tokens of the mini-batch: a long response weighs more. */
  TOKEN_MEAN {
    @Override
    public double tokenWeight(int length, int maxLength, MiniBatch miniBatch) {
      return 1.0 / miniBatch.tokens();
    }
  },
  /** The sum over the tokens of each response, then the mean over responses. */
  SEQ_MEAN_TOKEN_SUM {
    @Override
    public double tokenWeight(int length, int maxLength, MiniBatch miniBatch) {
      return 1.0 / miniBatch.sequences();
    }
  },
  /** The mean over the tokens of each response, then the mean over responses. */
  SEQ_MEAN_TOKEN_MEAN {
    @Override
    public double tokenWeight(int length, int maxLength, MiniBatch miniBatch) {
      return 1.0 / miniBatch.sequences() / length;
    }
  },
  /** The sum over the tokens of each response by a constant, then the mean over responses. */
  SEQ_MEAN_TOKEN_SUM_NORM {
    @Override
    public double tokenWeight(int length, int maxLength, MiniBatch miniBatch) {
      return 1.0 / miniBatch.sequences() / maxLength;
    }
  };

  /**
   * What each token of a response counts.
   *
   * @param length the response's tokens
   * @param maxLength the constant that replaces the length where there is one: the longest response
   *     that may be sampled
   */
  public abstract double tokenWeight(int length, int maxLength, MiniBatch miniBatch);
}
