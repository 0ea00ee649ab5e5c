package dev.apo.worker.data;

/**
 * Random numbers that are a function of a key and a counter: any of them can be computed at any
 * time, on any machine, in any order. So a response's randomness needs no state that a checkpoint
 * would have to carry. The mixing function is SplitMix64's.
 */
public final class CounterRandom {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private CounterRandom() {}

  /** Derives a key from a parent key and a number, for instance a row's key from the run's seed. */
  public static long key(long parent, long number) {
    return mix(mix(parent + GOLDEN) ^ (number * GOLDEN + 0x632be59bd9b4e019L));
  }

  /** The number at {@code counter} of the key's sequence: 64 even bits. */
  public static long bits(long key, long counter) {
    return mix(key + (counter + 1) * GOLDEN);
  }

  /** Uniform in [0, 1), a multiple of 2^-24. */
  public static float uniform(long key, long counter) {
    return (bits(key, counter) >>> 40) * 0x1p-24f;
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
