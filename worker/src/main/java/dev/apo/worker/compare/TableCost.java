package dev.apo.worker.compare;

/**
 * What sampling a V* table took; zeros where a run found it complete.
 *
 * @param seconds of all shards
 * @param tokens response tokens that it holds
 * @param peakMemoryMiB largest resident set of a process that sampled it
 */
record TableCost(double seconds, double tokens, double peakMemoryMiB) {
  static final TableCost NONE = new TableCost(0, 0, 0);

  static TableCost max(TableCost a, TableCost b) {
    return new TableCost(
        Math.max(a.seconds, b.seconds),
        Math.max(a.tokens, b.tokens),
        Math.max(a.peakMemoryMiB, b.peakMemoryMiB));
  }
}
