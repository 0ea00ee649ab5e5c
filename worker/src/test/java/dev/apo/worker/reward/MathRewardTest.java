package dev.apo.worker.reward;

import static dev.apo.worker.reward.Candidates.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.Vectors;
import dev.apo.worker.reward.MathNormaliser.NoNormalForm;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MathRewardTest {
  private final MathReward math = new MathReward(false);

  static Stream<JsonNode> officialScores() {
    return Vectors.list("reward_math", "scorer_cases");
  }

  static Stream<JsonNode> officialEquivalences() {
    return Vectors.list("reward_math", "equivalence_cases");
  }

  @ParameterizedTest
  @MethodSource("officialScores")
  void scoresAsTheOfficialScorer(JsonNode test) {
    String text = test.at("/inputs/text").asText();
    boolean training = test.at("/inputs/mode").asText().equals("train_and_validation");
    boolean ended = text.endsWith(MathReward.END);
    String response =
        training && ended ? text.substring(0, text.length() - MathReward.END.length()) : text;

    assertThat(
            new MathReward(training)
                .score(
                    new Candidate(
                        "", response, test.at("/inputs/ground_truth").asText(), 9, !ended)))
        .isEqualTo(test.at("/expected/correctness").asDouble());
  }

  @ParameterizedTest
  @MethodSource("officialEquivalences")
  void normalisesAsTheOfficialScorer(JsonNode test) {
    for (String side : new String[] {"a", "b"}) {
      assertThat(normalised(test.get(side).asText()))
          .isEqualTo(test.get("normal_" + side).textValue());
    }
    assertThat(MathNormaliser.equivalent(test.get("a").asText(), test.get("b").asText()))
        .isEqualTo(test.get("equivalent").asBoolean());
  }

  /** The normal form, or null if there is none. */
  private static String normalised(String text) {
    try {
      return MathNormaliser.normalise(text);
    } catch (NoNormalForm e) {
      return null;
    }
  }

  /** Edges that the official scorer's outputs do not cover; what it does there is in its text. */
  @ParameterizedTest
  @CsvSource({
    "'\\frac{1}2', '\\frac{1}2'",
    "'\\frac1', '\\frac1'",
    "'\\frac1\\sqrt{2}', '\\frac{1}{\\}sqrt{2}'",
    "'x = .5', '\\frac{1}{2}'",
    "'06/8', '06/8'",
    "'1/2/3', '1/2/3'",
    "'a=b=c', 'a=b=c'",
    "'\\frac', ",
    "'\\sqrt', ",
    "'\\sqrt\\sqrt2', "
  })
  void normalisesEdges(String text, String normal) {
    assertThat(normalised(text)).isEqualTo(normal);
  }

  @ParameterizedTest
  @ValueSource(strings = {"So it is $\\boxed{\\frac{1}{2}}$.", "\\frac12", " 1/2 "})
  void readsTheLastBoxOfASolutionOrALoneAnswer(String answer) {
    assertThatCode(() -> math.checkAnswer(answer)).doesNotThrowAnyException();
    assertThat(math.score(response("thus \\boxed{\\frac{1}{2}}", answer))).isEqualTo(1);
    assertThat(math.score(response("thus \\frac{1}{2}", answer))).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "'\\boxed{2', 'its last \\boxed{…} is not complete'",
    "'so \\boxed{}', 'its last \\boxed{…} is not complete'",
    "'\\fbox{2}', 'its last \\boxed{…} is not complete'",
    "'2}{', 'its braces do not match, so no \\boxed{…} can hold it'"
  })
  void rejectsAnAnswerThatNoBoxCouldHold(String answer, String reason) {
    assertThatThrownBy(() -> math.checkAnswer(answer))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(reason);
  }

  @Test
  void namesWhetherTheEndCounts() {
    assertThat(math.id()).isEqualTo("math");
    assertThat(new MathReward(true).id()).isEqualTo("math-until-end");
  }
}
