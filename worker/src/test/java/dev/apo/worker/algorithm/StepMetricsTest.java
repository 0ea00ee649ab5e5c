package dev.apo.worker.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StepMetricsTest {
  @Test
  void summarisesSequencesOverAllMicroBatches() {
    StepMetrics metrics = new StepMetrics();
    metrics.add(result(0.25, 1, 5));
    metrics.add(result(0.5, 3));
    assertThat(metrics.summary(1))
        .containsExactly(
            entry("actor/pg_loss", 0.75),
            entry("critic/advantages/max", 5.0),
            entry("critic/advantages/mean", 3.0),
            entry("critic/advantages/min", 1.0),
            entry("critic/advantages/p95", 5.0));
  }

  @Test
  void averagesLossesOverMiniBatches() {
    StepMetrics metrics = new StepMetrics();
    metrics.add(result(1));
    metrics.add(result(2));
    assertThat(metrics.summary(2)).containsExactly(entry("actor/pg_loss", 1.5));
  }

  @Test
  void figuresOfTheRolloutBatchStayAsTheyAre() {
    StepMetrics metrics = new StepMetrics();
    metrics.add(
        new Targets(
            null,
            null,
            Map.of("critic/vf_explained_var", 0.5),
            Map.of("critic/group_std", new double[] {2})));
    assertThat(metrics.summary(4))
        .containsEntry("critic/vf_explained_var", 0.5)
        .containsEntry("critic/group_std/mean", 2.0);
  }

  @Test
  void percentileIsAFigureThatOccurred() {
    StepMetrics metrics = new StepMetrics();
    metrics.add("x", IntStream.rangeClosed(1, 100).asDoubleStream().toArray());
    assertThat(metrics.summary(1)).containsEntry("x/p95", 95.0);
  }

  private static LossResult result(double loss, double... advantages) {
    return new LossResult(
        loss,
        new double[0][],
        Map.of("actor/pg_loss", loss),
        Map.of("critic/advantages", advantages));
  }
}
