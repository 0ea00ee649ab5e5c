package dev.apo.operator.decide;

import java.util.Map;

/**
 * What a worker answers at {@code /progress} (docs/worker-contract.md).
 *
 * @param done units that are done
 * @param total units in all
 * @param etaSeconds seconds left at this speed; null if not known
 * @param figures such as {@code reward} and {@code accuracy}
 */
public record PodProgress(long done, long total, Long etaSeconds, Map<String, Double> figures) {
  public PodProgress {
    figures = Map.copyOf(figures);
  }
}
