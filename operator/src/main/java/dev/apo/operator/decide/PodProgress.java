package dev.apo.operator.decide;

import java.util.Map;

/**
 * What a worker answers at {@code /progress} (docs/worker-contract.md).
 *
 * @param done units that are done
 * @param total units in all
 * @param etaSeconds seconds left at this speed; null if not known
 * @param figures such as {@code reward} and {@code accuracy}
 * @param waiting since when and for what the worker stands still; null while it does not
 */
public record PodProgress(
    long done, long total, Long etaSeconds, Map<String, Double> figures, String waiting) {
  public PodProgress {
    figures = Map.copyOf(figures);
  }

  /** Of a worker that does not stand still. */
  public PodProgress(long done, long total, Long etaSeconds, Map<String, Double> figures) {
    this(done, total, etaSeconds, figures, null);
  }

  /** Whether its stage has begun. */
  boolean hasBegun() {
    return total > 0;
  }
}
