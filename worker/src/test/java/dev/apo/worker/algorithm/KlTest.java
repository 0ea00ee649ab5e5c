package dev.apo.worker.algorithm;

import static dev.apo.worker.Vectors.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.Vectors;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KlTest {
  private static final JsonNode PER_TOKEN = Vectors.onlyCase("kl", "per_token");

  @ParameterizedTest
  @CsvSource({
    "K1, k1, grad_k1",
    "ABS, abs,",
    "K2, k2, grad_k2",
    "K3, k3_unclamped, grad_k3_unclamped",
    "K3_CLAMPED, k3_clamped_20_10, grad_k3_clamped",
    "K3_STRAIGHT_THROUGH, k3_clamped_20_10, grad_k3_plus_straight_through"
  })
  void givesTheReferenceValuesAndGradients(KlEstimator estimator, String values, String gradients) {
    assertOnEveryToken(estimator::value, values);
    if (gradients != null) {
      assertOnEveryToken(estimator::gradient, gradients);
    }
  }

  @Test
  void absoluteDifferenceHasTheSignAsGradient() {
    assertThat(KlEstimator.ABS.gradient(-0.5)).isEqualTo(-1);
    assertThat(KlEstimator.ABS.gradient(0)).isZero();
  }

  @Test
  void expectationsUnderThePolicyAreTheDivergence() {
    JsonNode test = Vectors.onlyCase("kl", "expectations_under_the_policy");
    double[] p = vector(test.get("inputs").get("p"));
    double[] q = vector(test.get("inputs").get("q"));
    JsonNode expected = test.get("expected");
    for (KlEstimator estimator :
        new KlEstimator[] {KlEstimator.K1, KlEstimator.K2, KlEstimator.K3}) {
      double mean =
          IntStream.range(0, p.length)
              .mapToDouble(i -> p[i] * estimator.value(Math.log(p[i] / q[i])))
              .sum();
      assertThat(mean)
          .isCloseTo(expected.get("E_k" + estimator.name().charAt(1)).asDouble(), within(1e-9));
    }
    assertThat(expected.get("E_k1").asDouble())
        .isCloseTo(expected.get("exact_kl").asDouble(), within(1e-12));
  }

  @Test
  void adaptiveCoefficientFollowsTheObservedDivergence() {
    JsonNode test = Vectors.onlyCase("kl", "adaptive_controller");
    JsonNode inputs = test.get("inputs");
    AdaptiveKl controller =
        new AdaptiveKl(
            inputs.get("init").asDouble(),
            inputs.get("target").asDouble(),
            inputs.get("horizon").asDouble());
    double[] observed = vector(inputs.get("observed_kl"));
    double[] expected = vector(test.get("expected").get("coef_after_each"));
    for (int i = 0; i < observed.length; i++) {
      controller = controller.after(observed[i], inputs.get("n_steps").asInt());
      assertThat(controller.coefficient()).isCloseTo(expected[i], within(1e-9));
    }
  }

  private static void assertOnEveryToken(DoubleUnaryOperator figure, String name) {
    double[] logProbs = vector(PER_TOKEN.get("inputs").get("log_prob"));
    double[] reference = vector(PER_TOKEN.get("inputs").get("ref_log_prob"));
    double[] expected = vector(PER_TOKEN.get("expected").get(name));
    double[] actual =
        IntStream.range(0, logProbs.length)
            .mapToDouble(t -> figure.applyAsDouble(logProbs[t] - reference[t]))
            .toArray();
    // Relative for the one value that is 4e12.
    Offset<Double> offset = within(1e-9);
    for (int t = 0; t < expected.length; t++) {
      double scale = Math.max(1, Math.abs(expected[t]));
      assertThat(actual[t] / scale)
          .as(name + Arrays.toString(actual))
          .isCloseTo(expected[t] / scale, offset);
    }
  }
}
