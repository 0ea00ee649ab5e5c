package dev.apo.worker.sampling;

import java.util.Arrays;
import java.util.function.IntConsumer;

/** Sums up how many responses have ended on several threads, and tells it one thread at a time. */
public final class EndedTotal {
  private final int[] ended;
  private final IntConsumer told;

  public EndedTotal(int parts, IntConsumer told) {
    this.ended = new int[parts];
    this.told = told;
  }

  public synchronized void set(int part, int count) {
    ended[part] = count;
    told.accept(Arrays.stream(ended).sum());
  }
}
