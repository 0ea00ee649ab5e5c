package dev.apo.worker.data;

import static dev.apo.worker.Vectors.onlyCase;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchesTest {
  @Test
  void countsTheStepsOfTheOfficialRuns() {
    JsonNode test = onlyCase("optim", "steps_per_run");
    JsonNode inputs = test.get("inputs");
    JsonNode expected = test.get("expected");
    int batch = inputs.get("batch").asInt();
    int epochs = inputs.get("epochs").asInt();
    Batches gsm8k = batches(inputs.get("gsm8k_train").asInt(), batch, 0);
    Batches math = batches(inputs.get("math_train").asInt(), batch, 0);

    assertThat(gsm8k.steps(epochs)).isEqualTo(expected.get("gsm8k_rollout_batches").asInt());
    assertThat(math.steps(epochs)).isEqualTo(expected.get("math_rollout_batches").asInt());
    int perBatch = batch / inputs.get("mini_batch").asInt();
    assertThat(math.steps(epochs) * perBatch)
        .isEqualTo(expected.get("optimizer_steps_each").asInt());
  }

  @Test
  void anEpochSeesNoRowTwiceAndDropsTheRest() {
    Batches batches = batches(10, 3, 42);
    int[] seen =
        IntStream.range(0, batches.stepsPerEpoch())
            .flatMap(step -> Arrays.stream(batches.rows(step)))
            .toArray();
    assertThat(seen).hasSize(9).doesNotHaveDuplicates();
    assertThat(Arrays.stream(seen)).allMatch(row -> 0 <= row && row < 10);
  }

  @Test
  void everyEpochHasAnotherOrder() {
    Batches batches = batches(100, 100, 42);
    assertThat(batches.epoch(1)).isEqualTo(1);
    assertThat(batches.rows(0))
        .isNotEqualTo(batches.rows(1))
        .containsExactlyInAnyOrder(batches.rows(1));
  }

  @Test
  void aStepSeesTheSameRowsWheneverItIsAsked() {
    assertThat(batches(1000, 7, 3).rows(500)).isEqualTo(batches(1000, 7, 3).rows(500));
    assertThat(batches(1000, 7, 3).rows(500)).isNotEqualTo(batches(1000, 7, 4).rows(500));
  }

  @Test
  void aSmallDataSetIsOneBatch() {
    Batches batches = batches(5, 256, 0);
    assertThat(batches.stepsPerEpoch()).isEqualTo(1);
    assertThat(batches.rows(3)).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
  }

  @Test
  void refusesAnEmptyDataSet() {
    assertThatIllegalArgumentException().isThrownBy(() -> batches(0, 8, 0));
  }

  @Test
  void theOthersAreAllRowsThatAStepDoesNotSeeInAnOrderOfItsOwn() {
    Batches batches = batches(10, 3, 42);
    int[] both =
        IntStream.concat(Arrays.stream(batches.rows(4)), Arrays.stream(batches.others(4)))
            .toArray();

    assertThat(both).hasSize(10).doesNotHaveDuplicates();
    assertThat(batches.others(4)).isEqualTo(batches(10, 3, 42).others(4));
    assertThat(Arrays.stream(batches.others(0)).sum() + Arrays.stream(batches.rows(0)).sum())
        .isEqualTo(45);
    assertThat(batches(3, 3, 42).others(0)).isEmpty();
  }

  @Test
  void theShuffleIsPartOfTheFormat() {
    // Fixed: a change would make a resumed run differ from an uninterrupted one.
    assertThat(Shuffle.permutation(10, 0, 0)).containsExactly(6, 4, 5, 3, 1, 2, 9, 7, 8, 0);
  }

  @Test
  void everyPlaceIsEquallyLikely() {
    int[][] counts = new int[5][5];
    for (int seed = 0; seed < 20_000; seed++) {
      int[] order = Shuffle.permutation(5, seed, 0);
      for (int i = 0; i < 5; i++) {
        counts[i][order[i]]++;
      }
    }
    for (int[] row : counts) {
      for (int count : row) {
        assertThat(count / 20_000.0).isCloseTo(0.2, within(0.015));
      }
    }
  }

  private static Batches batches(int rows, int batchSize, long seed) {
    return new Batches(rows, batchSize, EpochOrder.shuffled(rows, seed));
  }
}
