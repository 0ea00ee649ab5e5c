package dev.apo.worker.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Which rows a training step sees: every epoch has an order of its own, cut into batches, and the
 * rows that do not fill the last batch are dropped. A pure function of the step, so the cursor of a
 * resumed run is the step alone.
 *
 * @param rows the number of training rows, after filters
 * @param batchSize prompts per rollout batch; a smaller data set is one batch
 * @param order of each epoch
 */
public record Batches(int rows, int batchSize, EpochOrder order) {
  public Batches {
    if (rows < 1 || batchSize < 1) {
      throw new IllegalArgumentException(rows + " rows in batches of " + batchSize);
    }
    batchSize = Math.min(batchSize, rows);
  }

  /** Rollout batches in an epoch. */
  public int stepsPerEpoch() {
    return rows / batchSize;
  }

  /** Rollout batches in some epochs. */
  public int steps(int epochs) {
    return Math.multiplyExact(epochs, stepsPerEpoch());
  }

  /** The epoch of a step, both from 0. */
  public int epoch(int step) {
    return step / stepsPerEpoch();
  }

  /** The indexes, 0 … rows−1, that a step sees, in order; steps count from 0. */
  public int[] rows(int step) {
    int from = step % stepsPerEpoch() * batchSize;
    return Arrays.copyOfRange(order.of(epoch(step)), from, from + batchSize);
  }

  /** A batch cut into mini-batches, one per optimiser step; the last one may be smaller. */
  public static List<int[]> miniBatches(int[] batch, int miniBatchSize) {
    List<int[]> miniBatches = new ArrayList<>();
    for (int from = 0; from < batch.length; from += miniBatchSize) {
      miniBatches.add(
          Arrays.copyOfRange(batch, from, Math.min(batch.length, from + miniBatchSize)));
    }
    return List.copyOf(miniBatches);
  }
}
