package dev.apo.worker.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.worker.algorithm.MiniBatch;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.engine.TokenBatch;
import dev.apo.worker.train.MicroBatches.Pass;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MicroBatchesTest {
  /** Responses of these lengths to prompts of one token. */
  private static List<Rollout> rollouts(int... lengths) {
    var rollouts = new ArrayList<Rollout>();
    for (int length : lengths) {
      var prompt = new Prompt(rollouts.size(), "", "", new int[] {1});
      var sequence = TokenBatch.Sequence.of(prompt.tokens(), new int[length]);
      rollouts.add(new Rollout(prompt, "", sequence, false, 0, 0));
    }
    return rollouts;
  }

  private static List<int[]> singles(int count) {
    return IntStream.range(0, count).mapToObj(row -> new int[] {row}).toList();
  }

  private static List<int[]> rows(List<Pass> passes) {
    return passes.stream().map(Pass::rows).toList();
  }

  @Test
  void theLongestComeFirstAndEqualLengthsKeepTheirOrder() {
    List<Rollout> rollouts = rollouts(2, 5, 2, 7, 5);

    List<Pass> passes = MicroBatches.cut(rollouts, singles(5), 12, 1, 1);

    assertThat(rows(passes)).containsExactly(new int[] {3}, new int[] {1, 4}, new int[] {0, 2});
    assertThat(passes.get(1).microBatch()).isEqualTo(new MiniBatch(2, 10));
    assertThat(passes.get(1).tokens().responseLengths()).containsExactly(5, 5);
  }

  @Test
  void oneThatIsTooLongPassesAlone() {
    assertThat(rows(MicroBatches.cut(rollouts(9, 9), singles(2), 3, 1, 1)))
        .containsExactly(new int[] {0}, new int[] {1});
  }

  @Test
  void whatBelongsTogetherStaysTogether() {
    List<int[]> pairs = List.of(new int[] {0, 1}, new int[] {2, 3}, new int[] {4, 5});

    List<Pass> passes = MicroBatches.cut(rollouts(3, 1, 2, 2, 9, 1), pairs, 16, 1, 1);

    assertThat(rows(passes)).containsExactly(new int[] {4, 5}, new int[] {0, 1, 2, 3});
  }

  @Test
  void replicasShareAMicroBatchAndKnowItsWholeSize() {
    List<Pass> passes = MicroBatches.cut(rollouts(3, 3, 3), singles(3), 100, 2, 1);

    assertThat(rows(passes)).containsExactly(new int[] {0, 2}, new int[] {1});
    assertThat(passes)
        .allSatisfy(pass -> assertThat(pass.microBatch()).isEqualTo(new MiniBatch(3, 9)));
  }

  @Test
  void moreReplicasThanResponsesLeaveSomeIdle() {
    assertThat(rows(MicroBatches.cut(rollouts(3), singles(1), 100, 4, 1)))
        .containsExactly(new int[] {0});
  }

  @Test
  void devicesGetWholeMicroBatchesAndShareThoseThatAreLeft() {
    List<Pass> passes = MicroBatches.cut(rollouts(5, 4, 3, 2, 1, 1), singles(6), 6, 2, 2);

    assertThat(rows(passes))
        .containsExactly(
            new int[] {0}, new int[] {1}, new int[] {2}, new int[] {3, 4}, new int[] {5});
  }

  @Test
  void replicasOnOneDeviceShareEachMicroBatch() {
    List<Pass> passes = MicroBatches.cut(rollouts(2, 2, 2, 2), singles(4), 6, 2, 1);

    assertThat(rows(passes))
        .containsExactly(new int[] {0}, new int[] {1}, new int[] {2}, new int[] {3});
    assertThat(passes)
        .allSatisfy(pass -> assertThat(pass.microBatch()).isEqualTo(new MiniBatch(2, 4)));
  }
}
