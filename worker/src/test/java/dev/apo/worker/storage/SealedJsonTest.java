package dev.apo.worker.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SealedJsonTest {
  private record Figures(String name, double accuracy, List<Integer> steps, Boolean early) {}

  private static final Figures FIGURES = new Figures("½ \"so\"", 0.1, List.of(0, 7), null);

  @Test
  void bringsBackWhatWasWritten() throws IOException {
    byte[] json = SealedJson.write(FIGURES);

    assertThat(json).asString(UTF_8).contains("\"accuracy\" : 0.1,", "\"sha256\" : \"");
    assertThat(SealedJson.read(json, Figures.class)).isEqualTo(FIGURES);
  }

  @Test
  void noFlippedBitIsReadAsAnotherValue() {
    byte[] json = SealedJson.write(FIGURES);
    int noticed = 0;
    for (int bit = 0; bit < 8 * json.length; bit++) {
      byte[] damaged = json.clone();
      damaged[bit / 8] ^= (byte) (1 << bit % 8);
      try {
        assertThat(SealedJson.read(damaged, Figures.class)).as("bit %d", bit).isEqualTo(FIGURES);
      } catch (IOException e) {
        noticed++;
      }
    }
    assertThat(noticed).isGreaterThan(7 * json.length);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "null", "[]", "{", "{\"other\": 1}"})
  void refusesWhatIsNoSuchRecord(String json) {
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> SealedJson.read(json.getBytes(UTF_8), Figures.class));
  }

  @Test
  void readsWhatAnEarlierVersionWroteWithoutASeal() throws IOException {
    byte[] json =
        "{\"name\": \"a\", \"accuracy\": 1, \"steps\": [], \"early\": true}".getBytes(UTF_8);

    assertThat(SealedJson.read(json, Figures.class))
        .isEqualTo(new Figures("a", 1, List.of(), true));
  }
}
