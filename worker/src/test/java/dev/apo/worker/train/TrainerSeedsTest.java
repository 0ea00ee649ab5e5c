package dev.apo.worker.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class TrainerSeedsTest {
  @Test
  void aRowThatABatchHasTwiceGetsTwoResponses() {
    long[] seeds = Trainer.seeds(7, 3, new int[] {4, 9, 4, 4});

    assertThat(seeds).doesNotHaveDuplicates();
    assertThat(seeds).startsWith(Trainer.seeds(7, 3, new int[] {4, 9}));
  }

  @Test
  void aResponseDependsOnSeedStepAndRowAlone() {
    long seed = Trainer.seeds(7, 3, new int[] {4, 9})[1];

    assertThat(seed).isEqualTo(Trainer.seeds(7, 3, new int[] {9})[0]);
    assertThat(
            LongStream.of(
                Trainer.seeds(7, 4, new int[] {9})[0],
                Trainer.seeds(8, 3, new int[] {9})[0],
                Trainer.seeds(7, 3, new int[] {4})[0]))
        .doesNotContain(seed);
  }
}
