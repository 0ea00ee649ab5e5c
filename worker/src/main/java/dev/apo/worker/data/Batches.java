package dev.apo.worker.data;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

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

  /** All rows that a step does not see, in an order of the step's own. */
  public int[] others(int step) {
    Set<Integer> seen = IntStream.of(rows(step)).boxed().collect(Collectors.toSet());
    // Epochs are counted up from 0, steps down from -1.
    return IntStream.of(order.of(-1 - step))
        .distinct()
        .filter(row -> !seen.contains(row))
        .toArray();
  }
}
