package dev.apo.worker.algorithm;

import static dev.apo.worker.Vectors.matrix;
import static dev.apo.worker.Vectors.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.Vectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ValueEstimateTest {
  static Stream<JsonNode> values() {
    return Vectors.cases("apo_stage1").filter(c -> c.get("expected").has("v_star"));
  }

  static Stream<JsonNode> filters() {
    return Vectors.cases("apo_stage1", "filter_incorrect");
  }

  @ParameterizedTest
  @MethodSource("values")
  void estimatesTheReferenceValue(JsonNode test) {
    JsonNode inputs = test.get("inputs");
    JsonNode expected = test.get("expected");
    double[] rewards = inputs.get("evals").isNull() ? new double[0] : vector(inputs.get("evals"));
    var estimate =
        new ValueEstimate(inputs.get("beta1").asDouble(), inputs.path("num_gen_to_use").asInt(8));

    double vStar = estimate.vStar(rewards);

    assertThat(vStar).isCloseTo(expected.get("v_star").asDouble(), within(1e-9));
    if (expected.has("closed_form")) {
      assertThat(vStar).isCloseTo(expected.get("closed_form").asDouble(), within(1e-9));
      assertThat(1 - vStar).isCloseTo(expected.get("adv_if_correct").asDouble(), within(1e-9));
      assertThat(0 - vStar).isCloseTo(expected.get("adv_if_wrong").asDouble(), within(1e-9));
    }
  }

  @ParameterizedTest
  @MethodSource("filters")
  void leavesOutPromptsWithoutACorrectResponse(JsonNode test) {
    var estimate = new ValueEstimate(0.5, test.get("inputs").get("num_gen_to_use").asInt());
    double[][] rows = matrix(test.get("inputs").get("eval_rows"));

    assertThat(IntStream.range(0, rows.length).filter(i -> !estimate.allIncorrect(rows[i])))
        .containsExactly(
            Stream.of(vector(test.get("expected").get("kept_rows")))
                .flatMap(kept -> IntStream.range(0, kept.length).mapToObj(i -> (int) kept[i]))
                .toArray(Integer[]::new));
  }

  @Test
  void keepsAPromptWithoutRewards() {
    assertThat(new ValueEstimate(0.5, 8).allIncorrect()).isFalse();
  }

  @Test
  void keepsAPromptWhosePenaltiesAndRewardsCancel() {
    assertThat(new ValueEstimate(0.5, 2).allIncorrect(-1, 1)).isFalse();
  }

  @Test
  void aPromptIsSolvedForGoodWhenEveryRewardThatCountsIsThatOfARightResponse() {
    var estimate = new ValueEstimate(0.5, 2);
    assertThat(estimate.allCorrect(1, 1, 1.1, 0)).isTrue();
    assertThat(estimate.allCorrect(1, 1, 0.1, 1)).isFalse();
    assertThat(estimate.allCorrect(2, 1, 1)).isFalse();
    assertThat(estimate.allCorrect(1)).isFalse();
  }

  @Test
  void howOftenAPromptIsSolvedIsAPartOfWhatRightResponsesGet() {
    var estimate = new ValueEstimate(0.5, 4);
    assertThat(estimate.solved(1, 1, 0, 0, 1, 1)).isEqualTo(0.5);
    assertThat(estimate.solved(2, 3, 1, -1, 0)).isEqualTo(0.375);
    assertThat(estimate.solved(1)).isZero();
  }

  @Test
  void refusesFewerRewardsThanSamples() {
    assertThatThrownBy(() -> new ValueEstimate(0.5, 8).vStar(1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("V* needs 8 rewards, there are 2");
  }

  @Test
  void refusesWhatIsNotANumber() {
    assertThatThrownBy(() -> new ValueEstimate(0.5, 1).vStar(Double.NaN))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ValueEstimate(Double.NaN, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ValueEstimate(0.5, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
