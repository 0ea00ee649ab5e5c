package dev.apo.worker.generate;

import dev.apo.worker.data.RandomStream;

/** Draws whole numbers one after another. */
final class Draw {
  private final RandomStream stream;
  private long next;

  Draw(RandomStream stream) {
    this.stream = stream;
  }

  /** A number from 0 to {@code bound} − 1; the bias of the remainder is below 2⁻³². */
  int below(int bound) {
    return (int) Long.remainderUnsigned(stream.bits(next++), bound);
  }
}
