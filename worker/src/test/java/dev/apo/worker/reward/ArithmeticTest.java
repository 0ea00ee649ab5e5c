package dev.apo.worker.reward;

import static dev.apo.worker.reward.Candidates.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArithmeticTest {
  private final Arithmetic arithmetic = new Arithmetic(0.1);

  @ParameterizedTest
  @CsvSource({
    "<answer>5535</answer>, 1",
    "41 · 135 = <answer> +05535 </answer>, 1",
    "<answer>5535</answer> or <answer>5536</answer>, 0.1",
    "<answer>-5535</answer>, 0.1",
    "'<answer>5,535</answer>', 0",
    "<answer>5535.0</answer>, 0",
    "<answer></answer>, 0",
    "5535, 0"
  })
  void scoresTheNumberInTheLastTags(String text, double reward) {
    assertThat(arithmetic.score(response(text, "5535"))).isEqualTo(reward);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "12.5", "1,000", "twelve"})
  void rejectsAnAnswerThatIsNoWholeNumber(String answer) {
    assertThatThrownBy(() -> arithmetic.checkAnswer(answer))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("it is not a whole number");
  }
}
