package dev.apo.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.operator.Stage;
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
}
