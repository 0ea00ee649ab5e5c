package dev.apo.worker.reward;

import static dev.apo.worker.reward.Candidates.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.apo.worker.data.RandomStream;
import dev.apo.worker.generate.CountdownTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CountdownTest {
  private static final String PUZZLE = "44 19 35 = 98";
  private final Countdown countdown = new Countdown(0.1);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<answer>44 + 19 + 35</answer>",
        "let me think\n<answer>1</answer> no, <answer> (35+44) - (-19) </answer>\n",
        "<answer>44*19*35/(19*35)*1</answer> and <answer>35 - -44 + 19</answer>"
      })
  void everyNumberOnceAndTheTargetIsCorrect(String text) {
    assertThat(countdown.score(response(text, PUZZLE))).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "44 + 19 - 35",
        "44 + 44 + 10",
        "98",
        "44 + 19 + 35 = 98",
        "44 + 19 + 35 + 0",
        "44 ++ 19 + 3 5",
        "44 + 19 + 35)",
        "44 + 19 / (35 - 35)",
        "44 ** 19 ** 35",
        "forty-four",
        "",
        "44 + 19.0 + 35"
      })
  void anotherAnswerInTagsGetsAPart(String expression) {
    assertThat(countdown.score(response("<answer>" + expression + "</answer>", PUZZLE)))
        .isEqualTo(0.1);
    assertThat(new Countdown(0).score(response("<answer>" + expression + "</answer>", PUZZLE)))
        .isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "44 + 19 + 35",
        "<answer>44 + 19 + 35",
        "<answer>44 + 19 + 35</answer>\nI am sure.",
        "</answer><answer>",
        ""
      })
  void noTagsOnTheLastLineGiveNothing(String text) {
    assertThat(countdown.score(response(text, PUZZLE))).isZero();
  }

  @ParameterizedTest
  @CsvSource({"'3 8 = 24', 8*3", "'1 5 5 5 = 24', (5-1/5)*5", "'2,3 = -1', 2-3", "'7 = 7', +7"})
  void valuesAreExact(String puzzle, String expression) {
    assertThatCode(() -> countdown.checkAnswer(puzzle)).doesNotThrowAnyException();
    assertThat(countdown.score(response("<answer>" + expression + "</answer>", puzzle)))
        .isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 100_000})
  void deepOrLongExpressionsAreSafe(int depth) {
    String nested = "(".repeat(depth) + "44+19+35" + ")".repeat(depth);
    assertThat(countdown.score(response("<answer>" + nested + "</answer>", PUZZLE)))
        .isEqualTo(depth == 20 ? 1 : 0.1);
  }

  @Test
  void readsThePuzzlesThatAreGenerated() {
    for (long i = 0; i < 50; i++) {
      String answer = new CountdownTask(2, 6, 99).problem(RandomStream.of(3, i)).answer();
      assertThatCode(() -> countdown.checkAnswer(answer)).doesNotThrowAnyException();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"98", "44 19 35", "= 98", "44 + 19 = 63", "1.5 2 = 3"})
  void rejectsAnAnswerThatIsNoPuzzle(String answer) {
    assertThatThrownBy(() -> countdown.checkAnswer(answer))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("44 19 35 = 98");
  }
}
