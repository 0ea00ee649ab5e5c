package dev.apo.worker.data;

/** The order of rows in an epoch. */
public final class Shuffle {
  private Shuffle() {}

  /**
   * A uniform permutation of 0 … n−1 by (seed, epoch), the same on every machine: Fisher and
   * Yates's shuffle, driven by {@link RandomStream}.
   */
  public static int[] permutation(int n, long seed, int epoch) {
    RandomStream random = RandomStream.of(seed, epoch);
    int[] order = new int[n];
    long draws = 0;
    for (int i = 0; i < n; i++) {
      int bound = i + 1;
      long bits;
      int j;
      do {
        bits = random.bits(draws++) >>> 1;
        j = (int) (bits % bound);
        // Draws from the last, incomplete run of the bound would favour small numbers.
      } while (bits - j + i < 0);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
