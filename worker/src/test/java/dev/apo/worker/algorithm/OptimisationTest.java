package dev.apo.worker.algorithm;

import static dev.apo.worker.Vectors.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.Vectors;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OptimisationTest {
  @Test
  void clippedGradientsGiveTheReferenceWeights() {
    JsonNode test = Vectors.onlyCase("optim", "adamw_with_global_norm_clip");
    JsonNode inputs = test.get("inputs");
    double[] weights = vector(inputs.get("w0"));
    double[] betas = vector(inputs.get("betas"));
    AdamW adamW =
        new AdamW(
            weights.length,
            inputs.get("lr").asDouble(),
            betas[0],
            betas[1],
            inputs.get("eps").asDouble(),
            inputs.get("weight_decay").asDouble());
    for (JsonNode step : test.get("expected").get("trace")) {
      double[] gradient = vector(step.get("grad"));
      double norm = Math.sqrt(Arrays.stream(gradient).map(g -> g * g).sum());
      double scale = GradientClip.scale(norm, inputs.get("max_norm").asDouble());
      double[] clipped = Arrays.stream(gradient).map(g -> g * scale).toArray();
      adamW.step(weights, clipped);

      assertThat(norm).isCloseTo(step.get("grad_norm_before_clip").asDouble(), within(1e-9));
      assertThat(clipped).containsExactly(vector(step.get("clipped_grad")), within(1e-9));
      assertThat(weights).containsExactly(vector(step.get("w")), within(1e-9));
    }
  }

  @Test
  void anUndefinedNormGivesAnUndefinedScale() {
    assertThat(GradientClip.scale(Double.NaN, 1)).isNaN();
    assertThat(GradientClip.scale(0, 1)).isEqualTo(1);
  }

  @Test
  void officialConstantScheduleSkipsTheFirstBatch() {
    assertFactors(
        LearningRateSchedule.constant(0).withOffset(0),
        "constant_schedule_factor_by_scheduler_step",
        "factor_steps_0_to_4");
  }

  @Test
  void officialWarmUpStartsAtZero() {
    assertFactors(
        LearningRateSchedule.constant(4).withOffset(0),
        "constant_schedule_warmup_4",
        "factor_steps_0_to_6");
  }

  @Test
  void officialCosineFallsToItsMinimum() {
    assertFactors(
        LearningRateSchedule.cosine(2, 10, 0.1).withOffset(0),
        "cosine_schedule",
        "factor_steps_0_to_10");
  }

  @Test
  void everyBatchTrainsByDefault() {
    assertThat(LearningRateSchedule.constant(0).factor(0)).isEqualTo(1);
    assertThat(LearningRateSchedule.constant(4).factor(0)).isEqualTo(0.25);
    assertThat(LearningRateSchedule.cosine(0, 10, 0).factor(0)).isBetween(0.9, 0.99);
  }

  @Test
  void cosineStaysAtItsMinimum() {
    assertThat(LearningRateSchedule.cosine(0, 10, 0.1).factor(25)).isCloseTo(0.1, within(1e-12));
  }

  private static void assertFactors(LearningRateSchedule schedule, String test, String key) {
    double[] expected = vector(Vectors.onlyCase("optim", test).get("expected").get(key));
    assertThat(IntStream.range(0, expected.length).mapToDouble(schedule::factor).toArray())
        .containsExactly(expected, within(1e-9));
  }
}
