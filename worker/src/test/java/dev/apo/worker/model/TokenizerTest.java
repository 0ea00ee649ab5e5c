package dev.apo.worker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
  private static final ObjectMapper JSON = new ObjectMapper();

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

  /** As Llama's tokenizers do: ids 0 and 2 around a text, here. */
  private void surround(boolean before, boolean behind) throws IOException {
    Path file = model.resolve("tokenizer.json");
    var json = (ObjectNode) JSON.readTree(file.toFile());
    String text = "{\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}";
    String first = before ? "{\"SpecialToken\": {\"id\": \"<0>\", \"type_id\": 0}}, " : "";
    String last = behind ? ", {\"SpecialToken\": {\"id\": \"<2>\", \"type_id\": 0}}" : "";
    json.set(
        "post_processor",
        JSON.readTree(
            """
            {"type": "TemplateProcessing", "single": [%s], "pair": [%s],
             "special_tokens": {
               "<0>": {"id": "<0>", "ids": [0], "tokens": ["<0>"]},
               "<2>": {"id": "<2>", "ids": [2], "tokens": ["<2>"]}}}
            """
                .formatted(first + text + last, first + text + last)));
    JSON.writeValue(file.toFile(), json);
  }

  @Test
  void aPromptStartsWithTheTokensThatTheTokenizerPutsBeforeAText() throws IOException {
    surround(true, false);
    try (Tokenizer tokenizer = load()) {
      assertThat(tokenizer.encodePrompt("ăąį")).containsExactly(0, 3, 5, 47);
      assertThat(tokenizer.encode("ăąį")).containsExactly(3, 5, 47);
    }
  }

  @Test
  void aPromptThatStartsWithThemGetsThemOnce() throws IOException {
    surround(true, false);
    try (Tokenizer tokenizer = load()) {
      assertThat(tokenizer.encodePrompt("<0>ăą")).containsExactly(0, 3, 5);
    }
  }

  @Test
  void nothingIsPutBehindAPrompt() throws IOException {
    surround(true, true);
    try (Tokenizer tokenizer = load()) {
      assertThat(tokenizer.encodePrompt("ăą")).containsExactly(0, 3, 5);
    }
    surround(false, true);
    try (Tokenizer tokenizer = load()) {
      assertThat(tokenizer.encodePrompt("ăą")).containsExactly(3, 5);
    }
  }

  @Test
  void aPromptOfNothingHasNoTokens() throws IOException {
    surround(true, true);
    try (Tokenizer tokenizer = load()) {
      assertThat(tokenizer.encodePrompt("")).isEmpty();
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

  /** The native library would end the process. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "type": "Fuse"          | "type": "Fuse",,                          | (','
          "type": "Fuse"          | "type": "Fuse", "x": 1e999                | a number is too large
          "type": "Fuse"          | "type": "Fuse", "x": "\\ud800"            | a text has half a character
          "single": [             | "single": [{"Sequence": {"id": "B", "type_id": 0}},     | asks for a second one
          "single": [             | "single": [{"SpecialToken": {"id": "<0>", "type_id": 0}}, | uses the token <0>, which it does not list
          """)
  void refusesWhatTheLibraryDoesNotSurvive(String from, String to, String why) throws IOException {
    edit(from, to);

    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> load().close())
        .withMessageContaining("tokenizer.json is not a usable tokenizer: ")
        .withMessageContaining(why)
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_DATA));
  }

  @Test
  void refusesAFileThatIsNestedDeeperThanTheLibraryReads() throws IOException {
    edit("\"type\": \"Fuse\"", "\"type\": \"Fuse\", \"x\": " + "[".repeat(200) + "]".repeat(200));

    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> load().close())
        .withMessageContaining("depth")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_DATA));
  }

  @Test
  void refusesTextThatItHasNoTokenFor() throws IOException {
    edit("\"unk_token\": \"<0>\"", "\"unk_token\": \"<none>\"");
    try (Tokenizer tokenizer = load()) {
      assertThatExceptionOfType(ApoException.class)
          .isThrownBy(() -> tokenizer.encode("7"))
          .withMessageContaining("tokenizer.json cannot encode a text: ")
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
