package dev.apo.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.operator.Stage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TerminationMessageTest {
  @ParameterizedTest
  @CsvSource({"1e999", "-1e999", "\"NaN\"", "\"Infinity\"", "null"})
  void aNumberThatNoStatusCanHoldIsAsUnknownAsOneThatIsMissing(String loss) {
    var result =
        TerminationMessage.read(
                Stage.TRAIN,
                "{\"exitCode\": 0, \"result\": {\"loss\": %s, \"accuracy\": 0.5}}".formatted(loss))
            .train();
    assertThat(result.loss()).isNull();
    assertThat(result.accuracy()).isEqualTo(0.5);
  }

  @ParameterizedTest
  @CsvSource({"-1", "9007199254740992"})
  void aCountThatNoStatusCanHoldIsUnknown(long steps) {
    var result =
        TerminationMessage.read(
                Stage.TRAIN,
                "{\"exitCode\": 0, \"result\": {\"steps\": %d, \"accuracy\": 0.5}}"
                    .formatted(steps))
            .train();
    assertThat(result.steps()).isNull();
    assertThat(result.accuracy()).isEqualTo(0.5);
  }

  @Test
  void aTextThatNoStatusCanHoldIsUnknown() {
    var word =
        TerminationMessage.read(
            Stage.PREPARE,
            "{\"result\": {\"vstarKey\": \"%s\", \"trainPrompts\": 7}, \"artifacts\": {\"model\": \"s3://%s\", \"report\": \"s3://r\"}}"
                .formatted("k".repeat(129), "m".repeat(2048)));
    assertThat(word.prepare().vstarKey()).isNull();
    assertThat(word.prepare().trainPrompts()).isEqualTo(7);
    assertThat(word.artifacts().model()).isNull();
    assertThat(word.artifacts().report()).isEqualTo("s3://r");
  }
}
