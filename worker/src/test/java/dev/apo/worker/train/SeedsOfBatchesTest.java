package dev.apo.worker.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class SeedsOfBatchesTest {
  /** [rows · 2] of two responses to each prompt. */
  private static long[] seeds(long seed, int step, int... rows) {
    return BatchSampler.seeds(seed, step, rows, 2).stream().flatMapToLong(LongStream::of).toArray();
  }

  @Test
  void aRowThatABatchHasTwiceGetsOtherResponsesEachTime() {
    long[] seeds = seeds(7, 3, 4, 9, 4, 4);

    assertThat(seeds).hasSize(8).doesNotHaveDuplicates();
    assertThat(seeds).startsWith(seeds(7, 3, 4, 9));
  }

  @Test
  void aResponseDependsOnSeedStepRowAndItsNumberAlone() {
    long seed = seeds(7, 3, 4, 9)[2];

    assertThat(seed).isEqualTo(seeds(7, 3, 9)[0]);
    assertThat(BatchSampler.seeds(7, 3, new int[] {9}, 1).get(0)).containsExactly(seed);
    assertThat(LongStream.of(seeds(7, 4, 9)[0], seeds(8, 3, 9)[0], seeds(7, 3, 4)[0]))
        .doesNotContain(seed);
  }
}
