package dev.apo.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NamesTest {
  @ParameterizedTest
  @CsvSource({
    "epochs, epochs, 0",
    "epoch, epochs, 1",
    "trian, train, 1",
    "Epochs, epochs, 0",
    "'', abc, 3",
    "kitten, sitting, 3"
  })
  void countsEditsAndSwapsWithoutCase(String from, String to, int edits) {
    assertThat(Names.edits(from, to)).isEqualTo(edits);
    assertThat(Names.edits(to, from)).isEqualTo(edits);
  }

  @Test
  void onlyASlipIsGuessed() {
    List<String> names = List.of("batchSize", "miniBatchSize", "epochs");
    assertThat(Names.nearest("batch_size", names)).contains("batchSize");
    assertThat(Names.nearest("colour", names)).isEmpty();
  }
}
