package dev.apo.worker.data;

/**
 * A stream of random numbers whose n-th number is computed directly from n, so that work can be
 * cut, resumed and moved between machines without changing what is drawn. Numbers are those of
 * SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) with the key as its state; only integer arithmetic
 * is used, so they are the same everywhere.
 *
 * @param key names the stream; streams of different keys are independent for all that training
 *     needs, and none of this is fit for cryptography
 */
public record RandomStream(long key) {
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  /**
   * The stream at a path of numbers below a seed, e.g. (seed, row, sample) with one number per
   * token. Paths that differ in one place, or in their length, give unrelated streams.
   */
  public static RandomStream of(long seed, long... path) {
    RandomStream stream = new RandomStream(seed);
    for (long index : path) {
      stream = new RandomStream(stream.bits(index));
    }
    return stream;
  }

  /** 64 uniform bits: the number at an index, any index. */
  public long bits(long index) {
    long z = key + (index + 1) * GOLDEN_GAMMA;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** The number at an index, uniform in [0, 1) in steps of 2⁻²⁴: every value is exact. */
  public float uniform(long index) {
    return (bits(index) >>> 40) * 0x1p-24f;
  }
}
