package dev.apo.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.apo.worker.TestModels;
import dev.apo.worker.engine.TokenBatch.Sequence;
import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class CriticTest {
  private static final TokenBatch BATCH =
      TokenBatch.of(
          List.of(
              Sequence.of(new int[] {3, 9, 4}, new int[] {7, 30, 2}),
              Sequence.of(new int[] {8}, new int[] {9, 10, 11, 12, 13, 14, 1})));

  private static Decoder critic(String model, Precision precision) {
    try (Decoder policy = Decoder.load(TestModels.open(model), precision, 64)) {
      return policy.critic();
    }
  }

  /** The head is the one parameter of one row. */
  private static int head(Decoder critic) {
    assertThat(critic.parameters().get(2).parts().get(0).name()).isEqualTo("score.weight");
    return 2;
  }

  private static void fillHead(Decoder critic) {
    FloatBuffer head = FloatBuffer.allocate((int) critic.parameters().get(head(critic)).size());
    for (int i = 0; i < head.capacity(); i++) {
      head.put((float) Math.cos(3 * i) * 0.2f);
    }
    critic.write(Decoder.State.WEIGHTS, head(critic), 0, head.flip());
    critic.weightsChanged();
  }

  @Test
  void anUntrainedCriticExpectsNothing() {
    try (Decoder critic = critic("f32-qwen3", Precision.FP32)) {
      assertThat(critic.values(BATCH)).hasSize(10).containsOnly(0f);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"f32-tied-own-head-dim", "f16-untied-sharded"})
  void aTokensValueDoesNotDependOnItNorOnWhatFollows(String model) {
    TokenBatch other = TokenBatch.of(List.of(Sequence.of(new int[] {3, 9, 4}, new int[] {5, 6})));
    try (Decoder critic = critic(model, Precision.FP32)) {
      fillHead(critic);

      float[] values = critic.values(BATCH);

      assertThat(critic.values(other)[0]).isCloseTo(values[0], within(1e-5f)).isNotZero();
      assertThat(critic.values(other)[1]).isNotCloseTo(values[1], within(1e-3f));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"f32-tied-own-head-dim", "f16-untied-sharded"})
  void theGradientEqualsFiniteDifferences(String model) {
    float[] coefficients = {0.3f, -0.2f, 0.5f, 0.1f, 0.7f, -0.4f, 0.2f, 0.6f, -0.1f, 0.9f};
    try (Decoder critic = critic(model, Precision.FP32)) {
      fillHead(critic);
      critic.prepareTraining();
      critic.valueForward(BATCH);
      critic.valueBackward(coefficients);
      for (int p = 0; p < critic.parameters().size(); p++) {
        long at = critic.parameters().get(p).size() / 3;
        assertThat((double) critic.gradient(p, at, 1).get(0))
            .as("parameter %d", p)
            .isCloseTo(numeric(critic, coefficients, p, at), within(2e-3));
      }
    }
  }

  private static double numeric(Decoder critic, float[] coefficients, int p, long at) {
    float was = critic.read(Decoder.State.WEIGHTS, p, at, 1).get(0);
    double step = 1e-2;
    double above = weighted(critic, coefficients, p, at, (float) (was + step));
    double below = weighted(critic, coefficients, p, at, (float) (was - step));
    weighted(critic, coefficients, p, at, was);
    return (above - below) / (2 * step);
  }

  private static double weighted(
      Decoder critic, float[] coefficients, int p, long at, float weight) {
    critic.write(Decoder.State.WEIGHTS, p, at, FloatBuffer.wrap(new float[] {weight}));
    critic.weightsChanged();
    float[] values = critic.values(BATCH);
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += coefficients[i] * values[i];
    }
    return sum;
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void aCriticLearnsValues(Precision precision) {
    try (Decoder critic = critic("f32-tied-own-head-dim", precision)) {
      critic.prepareTraining();
      double loss = Double.NaN;
      for (int step = 1; step <= 60; step++) {
        float[] values = critic.valueForward(BATCH);
        loss = 0;
        for (int i = 0; i < values.length; i++) {
          float target = i % 2;
          loss += (values[i] - target) * (values[i] - target) / values.length;
          values[i] = 2 * (values[i] - target) / values.length;
        }
        critic.valueBackward(values);
        critic.optimize(step, AdamW.of(0, 1), 1e-2);
      }
      assertThat(loss).isLessThan(0.02);
    }
  }
}
