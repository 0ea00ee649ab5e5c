package dev.apo.worker.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ValueSummaryTest {
  @Test
  void everyPromptIsInOneBin() {
    double[] vStar = {0, 0.25, 0.25, 1};
    List<double[]> rewards =
        List.of(new double[] {0, 0}, new double[] {0, 1}, new double[] {1, 0}, new double[] {1, 1});

    ValueSummary summary = ValueSummary.of(vStar, rewards, 3, 40);

    assertThat(Arrays.stream(summary.counts()).sum()).isEqualTo(4);
    assertThat(summary.counts()[0]).isEqualTo(1);
    assertThat(summary.counts()[6]).isEqualTo(2);
    assertThat(summary.counts()[23]).isEqualTo(1);
    assertThat(summary)
        .extracting(
            "prompts",
            "trained",
            "neverSolved",
            "alwaysSolved",
            "sampledTokens",
            "mean",
            "from",
            "to")
        .containsExactly(4, 3, 1, 1, 40L, 0.375, 0.0, 1.0);
  }

  @Test
  void equalValuesHaveOneBin() {
    double[] vStar = {0.5, 0.5};

    assertThat(ValueSummary.of(vStar, List.of(vStar, vStar), 2, 9).counts()).containsExactly(2);
  }
}
