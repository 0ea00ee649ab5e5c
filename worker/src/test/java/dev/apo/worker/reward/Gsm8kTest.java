package dev.apo.worker.reward;

import static dev.apo.worker.reward.Candidates.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.Vectors;
import dev.apo.worker.reward.Gsm8k.Extraction;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class Gsm8kTest {
  private final Gsm8k strict = new Gsm8k(Extraction.STRICT);

  static Stream<JsonNode> officialCases() {
    return Vectors.cases("reward_gsm8k");
  }

  @ParameterizedTest
  @MethodSource("officialCases")
  void scoresAsTheOfficialScorer(JsonNode test) {
    JsonNode inputs = test.get("inputs");
    JsonNode expected = test.get("expected");
    Extraction extraction =
        Extraction.valueOf(inputs.get("method").asText().toUpperCase(Locale.ROOT));
    String text = inputs.get("text").asText();

    assertThat(extraction.extract(text).orElse(null))
        .isEqualTo(expected.get("extracted").textValue());
    assertThat(new Gsm8k(extraction).score(response(text, inputs.get("ground_truth").asText())))
        .isEqualTo(expected.get("correctness").asDouble());
  }

  @ParameterizedTest
  @CsvSource({
    "'Half of 48 is 24.\n#### 1,024', 1024",
    "' 1,024\n', 1024",
    "-3, -3",
    "'#### 5\n#### 7', 5"
  })
  void readsTheNumberOfASolutionOrALoneNumber(String answer, String number) {
    assertThatCode(() -> strict.checkAnswer(answer)).doesNotThrowAnyException();
    assertThat(strict.score(response("#### " + number, answer))).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"so it is 18\n####", "####18", "#### $18", "#### ,."})
  void rejectsASolutionWithoutAMarkedNumber(String answer) {
    assertThatThrownBy(() -> strict.checkAnswer(answer))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no number after \"#### \"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "twelve", "12 apples", "."})
  void rejectsAnAnswerThatIsNoNumber(String answer) {
    assertThatThrownBy(() -> strict.checkAnswer(answer))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("neither a number");
  }

  @Test
  void readsOnlyTheResponse() {
    assertThat(strict.score(new Candidate("#### 1\n", "#### 2", "2", 3, false))).isEqualTo(1);
  }

  @Test
  void namesItsExtraction() {
    assertThat(strict.id()).isEqualTo("gsm8k-strict");
    assertThat(new Gsm8k(Extraction.FLEXIBLE).id()).isEqualTo("gsm8k-flexible");
  }
}
