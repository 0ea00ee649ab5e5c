package dev.apo.worker.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Precision;
import dev.apo.worker.model.ChatTemplate;
import dev.apo.worker.model.ModelDirectory;
import dev.apo.worker.model.Tokenizer;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that {@code src/test/fixtures/make_gguf.py} made. */
class GgufTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path temporary;

  static Path fixture(String name) {
    try {
      return Path.of(GgufTest.class.getResource("/gguf/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @EnumSource(BlockFormat.class)
  void everyFormatIsDecodedAsItsReferenceDecodesIt(BlockFormat format) {
    try (GgufFile file = GgufFile.open(fixture("blocks.gguf"))) {
      GgufFile.Tensor tensor = file.tensors().get(format.name());
      assertThat(tensor.format()).isEqualTo(format);
      for (int row = 0; row < 2; row++) {
        float[] values = new float[512];
        float[] expected = new float[512];
        file.row(tensor, row, values);
        file.row(file.tensors().get(format.name() + ".expected"), row, expected);
        assertThat(values).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-f16", "llama-q4", "qwen2-q8", "qwen3-f32"})
  void aModelComputesWhatTransformersComputesWithItsWeights(String name) throws IOException {
    Path directory = temporary.resolve("model");
    GgufImport.write(fixture(name + ".gguf"), directory);
    ModelDirectory model = ModelDirectory.open(directory);
    model.checkWeights();
    JsonNode expected = JSON.readTree(fixture(name + ".json").toFile());

    assertThat(model.eosIds()).containsExactly(1);
    assertThat(model.isHalfPrecision()).isEqualTo(!name.endsWith("f32"));
    try (Tokenizer tokenizer = Tokenizer.load(model);
        Decoder decoder = Decoder.load(model, Precision.FP32, 16)) {
      for (JsonNode text : expected.get("texts")) {
        assertThat(tokenizer.encodePrompt(text.get("text").asText()))
            .as(text.get("text").asText())
            .isEqualTo(JSON.treeToValue(text.get("ids"), int[].class));
      }
      for (JsonNode sequence : expected.get("logits")) {
        int[] ids = JSON.treeToValue(sequence.get("ids"), int[].class);
        float[][] logits = decoder.logits(new int[][] {ids});
        for (int i = 0; i < sequence.get("logits").size(); i++) {
          assertThat((double) logits[logits.length - 1][i])
              .isCloseTo(sequence.get("logits").get(i).asDouble(), within(1e-3));
        }
      }
    }
    assertThat(ChatTemplate.load(model).render(null, "u")).isEqualTo("u<|end|>");
  }

  @Test
  void aFileIsUnpackedOnce() throws IOException {
    Path file = Files.copy(fixture("llama-q4.gguf"), temporary.resolve("m.gguf"));
    var messages = new ArrayList<String>();
    Path directory = GgufImport.directory(file, temporary, messages::add);
    Object time = Files.getLastModifiedTime(directory.resolve("config.json"));

    assertThat(GgufImport.directory(file, temporary, messages::add)).isEqualTo(directory);
    assertThat(Files.getLastModifiedTime(directory.resolve("config.json"))).isEqualTo(time);
    assertThat(messages).containsExactly("Unpacking " + file + ".");
    Files.write(file, new byte[] {0}, java.nio.file.StandardOpenOption.APPEND);
    assertThat(GgufImport.directory(file, temporary, messages::add)).isNotEqualTo(directory);
  }

  private static byte[] bytes() throws IOException {
    return Files.readAllBytes(fixture("llama-q4.gguf"));
  }

  /** Replaces the only occurrence of a text by one of the same length. */
  private static byte[] edited(byte[] bytes, String from, String to) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    assertThat(from).hasSameSizeAs(to);
    assertThat(text).containsOnlyOnce(from);
    return text.replace(from, to).getBytes(StandardCharsets.ISO_8859_1);
  }

  private void refuses(byte[] content, String what) throws IOException {
    Path file = Files.write(temporary.resolve("m.gguf"), content);
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> GgufImport.write(file, temporary.resolve("model")))
        .withMessageStartingWith(file + " ")
        .withMessageContaining(what)
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_DATA));
    assertThat(temporary.resolve("model")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          llama.embedding_length  | llama.embedding_lengtx  | has no field llama.embedding_length.
          llama.block_count       | llama.block_counx       | has no field llama.block_count.
          tokenizer.ggml.pre      | tokenizer.ggml.prx      | cuts text the way that it calls none (tokenizer.ggml.pre); supported: gpt-2, smollm, llama-bpe, qwen2
          blk.1.ffn_up.weight     | blk.1.ffn_ux.weight     | lacks the tensor blk.1.ffn_up.weight.
          blk.1.ffn_up.weight     | blk.0.ffn_up.weight     | has the tensor blk.0.ffn_up.weight twice.
          tokenizer.ggml.tokens   | tokenizer.ggml.tokenx   | has no field tokenizer.ggml.tokens.
          """)
  void whatIsMissingIsNamed(String from, String to, String what) throws IOException {
    refuses(edited(bytes(), from, to), what);
  }

  @Test
  void whatIsNotSupportedIsNamed() throws IOException {
    byte[] named =
        edited(
            bytes(),
            "general.architecture\b\0\0\0\5\0\0\0\0\0\0\0llama",
            "general.architecture\b\0\0\0\5\0\0\0\0\0\0\0mamba");
    refuses(named, "architecture mamba; supported: llama, qwen2, qwen3.");
    refuses(
        edited(
            bytes(),
            "tokenizer.ggml.model\b\0\0\0\4\0\0\0\0\0\0\0gpt2",
            "tokenizer.ggml.model\b\0\0\0\4\0\0\0\0\0\0\0bert"),
        "tokenizer of the kind bert; supported: gpt2");
    refuses("PK\3\4".repeat(10).getBytes(StandardCharsets.ISO_8859_1), "is no GGUF file.");
    refuses(new byte[0], "is no GGUF file.");
    byte[] old = bytes();
    old[4] = 1;
    refuses(old, "has version 1 of GGUF; supported: 2, 3.");
  }

  @Test
  void aHeaderThatClaimsTooMuchIsRefused() throws IOException {
    for (int place : new int[] {8, 16, 24}) {
      for (long claim : new long[] {-1, Long.MAX_VALUE, 1L << 40, 1L << 31}) {
        byte[] content = bytes();
        ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).putLong(place, claim);
        refuses(content, "claims ");
      }
    }
  }

  @Test
  void aFileThatIsCutOffIsRefused() throws IOException {
    byte[] whole = bytes();
    for (int length = 24; length < whole.length; length += 211) {
      refuses(Arrays.copyOf(whole, length), "");
    }
  }

  /** Whatever the bytes are, there is a directory or a sentence, never another end. */
  @Test
  void aDamagedHeaderNeverEndsInAnythingButASentence() throws IOException {
    var random = new Random(5);
    byte[] whole = bytes();
    for (int i = 0; i < 300; i++) {
      byte[] content = whole.clone();
      for (int n = 0; n < 3; n++) {
        content[random.nextInt(9000)] = (byte) random.nextInt(256);
      }
      Path file = Files.write(temporary.resolve("m.gguf"), content);
      try {
        GgufImport.write(file, temporary.resolve("model-" + i));
      } catch (ApoException e) {
        assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_DATA);
      }
    }
  }
}
