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

  /** A number of so many decimal digits, 1 to 8 of them, the first of them not 0. */
  int numberOf(int digits) {
    int lowest = (int) Math.pow(10, digits - 1);
    return lowest + below(9 * lowest);
  }
}
