package dev.apo.worker.algorithm;

/**
 * The size of a mini-batch over all its micro-batches and all workers: what one optimiser step
 * averages over.
 *
 * @param sequences the number of responses
 * @param tokens the number of their valid tokens
 */
public record MiniBatch(int sequences, long tokens) {
  public MiniBatch {
    if (sequences < 1 || tokens < 0) {
      throw new IllegalArgumentException(sequences + " sequences with " + tokens + " tokens");
    }
  }

  /** The size of these rows, one per response. */
  public static MiniBatch of(double[][] rows) {
    long tokens = 0;
    for (double[] row : rows) {
      tokens += row.length;
    }
    return new MiniBatch(rows.length, tokens);
  }
}
