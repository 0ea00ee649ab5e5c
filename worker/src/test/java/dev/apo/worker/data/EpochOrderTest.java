package dev.apo.worker.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EpochOrderTest {
  /** A third never solved, a third half the time, a third always. */
  private static final double[] SOLVED =
      IntStream.range(0, 300).mapToDouble(row -> row % 3 / 2.0).toArray();

  @Test
  void whatIsSolvedMostComesFirstAndEqualsAreShuffled() {
    EpochOrder order = EpochOrder.easyToHard(SOLVED, 7);

    int[] first = order.of(0);

    assertThat(Arrays.stream(first).mapToObj(row -> -SOLVED[row])).isSorted();
    assertThat(first).containsExactlyInAnyOrder(IntStream.range(0, 300).toArray());
    assertThat(Arrays.copyOf(first, 100)).doesNotHaveDuplicates();
    assertThat(order.of(1)).isNotEqualTo(first);
    assertThat(order.of(0)).isEqualTo(first);
  }

  @Test
  void uncertainRowsComeMoreOften() {
    EpochOrder order = EpochOrder.uncertain(SOLVED, 8, 7);
    double edge = (0.5 / 9) * (8.5 / 9);
    double expected = 0.25 / ((0.25 + 2 * edge) / 3);

    for (int epoch = 0; epoch < 5; epoch++) {
      int[] counts = counts(order.of(epoch));
      // Never solved or always: seldom. Half the time: rounded down or up, never otherwise.
      for (int row = 0; row < counts.length; row++) {
        double share = row % 3 == 1 ? expected : edge * expected / 0.25;
        assertThat(counts[row]).isBetween((int) Math.floor(share), (int) Math.ceil(share));
      }
      assertThat(Arrays.stream(counts).sum()).isEqualTo(300);
    }
  }

  @Test
  void noRowIsLeftOutForGood() {
    EpochOrder order = EpochOrder.uncertain(SOLVED, 8, 7);
    double[] counts = new double[300];
    for (int epoch = 0; epoch < 400; epoch++) {
      for (int row : order.of(epoch)) {
        counts[row]++;
      }
    }
    double edge = (0.5 / 9) * (8.5 / 9);
    double share = edge / ((0.25 + 2 * edge) / 3);
    assertThat(counts[0] / 400).isCloseTo(share, within(0.15));
    assertThat(Arrays.stream(counts).min().orElseThrow()).isPositive();
  }

  @Test
  void equallyUncertainRowsComeOnceEach() {
    double[] equal = new double[50];
    Arrays.fill(equal, 0.5);
    for (int epoch = 0; epoch < 20; epoch++) {
      assertThat(EpochOrder.uncertain(equal, 4, 3).of(epoch))
          .containsExactlyInAnyOrder(IntStream.range(0, 50).toArray());
    }
  }

  @Test
  void theOrderIsPartOfTheFormat() {
    // Fixed: a change would make a resumed run differ from an uninterrupted one.
    double[] solved = {0, 0.25, 0.5, 0.75, 1, 0.5};
    assertThat(EpochOrder.easyToHard(solved, 1).of(2)).containsExactly(4, 3, 2, 5, 1, 0);
    assertThat(EpochOrder.uncertain(solved, 4, 1).of(2)).containsExactly(1, 4, 1, 2, 5, 3);
  }

  @Test
  void oneRowIsEveryEpoch() {
    assertThat(EpochOrder.uncertain(new double[] {0}, 1, 0).of(0)).containsExactly(0);
    assertThat(EpochOrder.easyToHard(new double[] {0}, 0).of(9)).containsExactly(0);
  }

  private static int[] counts(int[] order) {
    int[] counts = new int[SOLVED.length];
    Arrays.stream(order).forEach(row -> counts[row]++);
    return counts;
  }
}
