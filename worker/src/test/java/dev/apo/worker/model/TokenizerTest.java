package dev.apo.worker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
  @TempDir Path temporary;
  private Path model;

  @BeforeEach
  void copy() throws IOException {
    model = TestModels.copy("f32-tied-own-head-dim", temporary.resolve("model"));
  }

  @Test
  void decodesWhatItEncodedWithoutAddingAToken() {
    try (Tokenizer tokenizer = load()) {
      int[] ids = tokenizer.encode("ăąį");

      assertThat(ids).containsExactly(3, 5, 47);
      assertThat(tokenizer.decode(ids)).isEqualTo("ăąį");
    }
  }

  @Test
  void leavesSpecialTokensOutOfText() {
    try (Tokenizer tokenizer = load()) {
      assertThat(tokenizer.decode(new int[] {3, 1, 5, 0})).isEqualTo("ăą");
    }
  }

  @Test
  void nothingHasNoTokens() {
    try (Tokenizer tokenizer = load()) {
      assertThat(tokenizer.encode("")).isEmpty();
      assertThat(tokenizer.decode(new int[0])).isEmpty();
    }
  }

  @Test
  void longPromptsAreNotTruncated() {
    try (Tokenizer tokenizer = load()) {
      int[] ids = tokenizer.encode("ă".repeat(5000));

      assertThat(ids).hasSize(5000);
      assertThat(Arrays.stream(ids).distinct()).containsExactly(3);
    }
  }

  @Test
  void longPromptsAreNotTruncatedWhereTheFileAsksForIt() throws IOException {
    edit(
        "\"truncation\": null",
        "\"truncation\": {\"direction\": \"Right\", \"max_length\": 4,"
            + " \"strategy\": \"LongestFirst\", \"stride\": 0}");
    try (Tokenizer tokenizer = load()) {
      assertThat(tokenizer.encode("ă".repeat(600))).hasSize(600);
    }
  }

  @Test
  void refusesTextOfAnotherModelsTokenizer() throws IOException {
    edit("\"į\": 47", "\"į\": 48");
    try (Tokenizer tokenizer = load()) {
      assertThat(tokenizer.encode("ă")).containsExactly(3);
      assertThatExceptionOfType(ApoException.class)
          .isThrownBy(() -> tokenizer.encode("ăį"))
          .withMessageContaining(
              "tokenizer.json does not fit the model: it gives token id 48, and config.json has"
                  + " vocab_size 48.")
          .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_DATA));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "{\"model\": {\"type\": \"Unheard\"}}"})
  void refusesAFileThatIsNoTokenizer(String content) throws IOException {
    Files.writeString(model.resolve("tokenizer.json"), content);

    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> load().close())
        .withMessageContaining("tokenizer.json is not a usable tokenizer: ")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_DATA))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  private Tokenizer load() {
    return Tokenizer.load(ModelDirectory.open(model));
  }

  private void edit(String from, String to) throws IOException {
    Path file = model.resolve("tokenizer.json");
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replace(from, to));
  }
}
