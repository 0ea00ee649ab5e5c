package dev.apo.worker.algorithm;

/**
 * The entropy term of a training objective, {@code − coefficient · mean entropy}. It is not a
 * function of the log-probs of the sampled tokens, so it stands beside {@link Loss}: the engine,
 * which has the logits, adds {@code − tokenWeight · H_bt} for every valid token.
 *
 * <p>A*-PO (arXiv 2505.20686) has no such term; its released code uses 0.001.
 *
 * @param coefficient 0 turns the term off
 * @param mean what the entropy is averaged over
 */
public record EntropyBonus(double coefficient, Mean mean) {
  /** No entropy term. */
  public static final EntropyBonus NONE = new EntropyBonus(0, Mean.AS_THE_LOSS);

  /** What the entropy of tokens is averaged over. */
  public enum Mean {
    /** As the loss averages its own tokens: the same however a mini-batch is cut. */
    AS_THE_LOSS,
    /**
     * The tokens of each micro-batch, then the micro-batches, as the released code does: tokens of
     * short responses weigh more.
     */
    MICRO_BATCH_TOKENS
  }

  /**
   * The weight of one valid token's entropy H (nats) in the objective.
   *
   * @param lossWeight what the token counts in the loss ({@link Loss#tokenWeight})
   * @param microBatch the size of the micro-batch that holds the token
   * @param miniBatch the size of the mini-batch that holds the micro-batch
   */
  public double tokenWeight(double lossWeight, MiniBatch microBatch, MiniBatch miniBatch) {
    return coefficient
        * switch (mean) {
          case AS_THE_LOSS -> lossWeight;
          case MICRO_BATCH_TOKENS ->
              (double) microBatch.sequences() / miniBatch.sequences() / microBatch.tokens();
        };
  }
}
