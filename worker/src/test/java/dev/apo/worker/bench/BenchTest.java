package dev.apo.worker.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BenchTest {
  @Test
  void lengthsLieEvenlyFromTheShortestToTheLongestInAnOrderThatStays() {
    assertThat(Bench.lengths(5, 8, 16)).containsExactlyInAnyOrder(8, 10, 12, 14, 16);
    int[] lengths = Bench.lengths(64, 8, 256);
    assertThat(Bench.lengths(64, 8, 256)).isEqualTo(lengths);
    assertThat(lengths[0]).isNotIn(8, 256);
    assertThat(Bench.lengths(3, 128, 128)).containsOnly(128);
    assertThat(Bench.lengths(1, 8, 16)).containsExactly(16);
  }
}
