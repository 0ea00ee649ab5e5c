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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelDirectoryTest {
  @SuppressWarnings("unused")
  private static final List<String> MODELS = TestModels.NAMES;

  private static final String INDEX = "model.safetensors.index.json";
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path temporary;

  @ParameterizedTest
  @FieldSource("MODELS")
  void everyWeightIsReadOnce(String name) {
    ModelDirectory model = TestModels.open(name);
    List<Parameter> parameters = Parameters.of(model.config());
    var counts = new ArrayList<>(Collections.nCopies(parameters.size(), 0L));

    model.checkWeights();
    model.readWeights(
        (parameter, offset, values) -> {
          assertThat(offset).isEqualTo(counts.get(parameter));
          counts.set(parameter, offset + values.remaining());
        });

    assertThat(counts).isEqualTo(parameters.stream().map(Parameter::size).toList());
    assertThat(model.eosIds()).containsExactlyInAnyOrder(1, 2);
    assertThat(model.isHalfPrecision()).isEqualTo(!name.startsWith("f32"));
  }

  @Test
  void aModelMayEndResponsesWhereItsConfigurationSays() throws IOException {
    Path model = model("f32-tied-own-head-dim");
    Files.delete(model.resolve("generation_config.json"));
    edit(model, "config.json", json -> json.put("eos_token_id", 7));

    assertThat(ModelDirectory.open(model).eosIds()).containsExactly(7);
  }

  @Test
  void saysThatThereIsNoDirectory() throws IOException {
    Path none = temporary.resolve("none");
    assertFails(ExitCode.NOT_FOUND, () -> ModelDirectory.open(none), none + " does not exist");

    Path file = Files.createFile(temporary.resolve("file"));
    assertFails(ExitCode.NOT_FOUND, () -> ModelDirectory.open(file), file + " is a file");
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "tokenizer.json", "model.safetensors"})
  void saysWhichFileIsMissing(String file) throws IOException {
    Path model = model("f32-tied-own-head-dim");
    Files.delete(model.resolve(file));

    assertFails(ExitCode.NOT_FOUND, () -> ModelDirectory.open(model), file);
  }

  @ParameterizedTest
  @CsvSource({
    "'', is not a JSON object",
    "'{', is not valid JSON",
    "'{} {}', is not valid JSON",
    "'[]', is not a JSON object"
  })
  void refusesAConfigurationThatIsNotJson(String content, String message) throws IOException {
    Path model = model("f32-tied-own-head-dim");
    Files.writeString(model.resolve("config.json"), content);

    assertFails(ExitCode.BAD_DATA, () -> ModelDirectory.open(model), "config.json " + message);
  }

  @Test
  void refusesAConfigurationThatIsNotText() throws IOException {
    Path model = model("f32-tied-own-head-dim");
    Files.write(model.resolve("config.json"), new byte[] {0, 0, (byte) 0xFE, (byte) 0xFF, 1, 2});

    assertFails(ExitCode.BAD_DATA, () -> ModelDirectory.open(model), "config.json is not text");
  }

  @ParameterizedTest
  @CsvSource({
    "../elsewhere.safetensors, names a file outside the model directory: ../elsewhere.safetensors",
    "/etc/passwd, names a file outside the model directory",
    "deeper/model.safetensors, names a file outside the model directory"
  })
  void refusesAnIndexThatLeadsElsewhere(String name, String message) throws IOException {
    Path model = model("f16-untied-sharded");
    edit(model, INDEX, json -> json.withObject("weight_map").put("lm_head.weight", name));

    assertFails(ExitCode.BAD_DATA, () -> ModelDirectory.open(model), INDEX, message);
  }

  @Test
  void refusesAnIndexWithANameThatNoFileCanHave() throws IOException {
    Path model = model("f16-untied-sharded");
    edit(model, INDEX, json -> json.withObject("weight_map").put("lm_head.weight", "a\0b"));

    assertFails(ExitCode.BAD_DATA, () -> ModelDirectory.open(model), INDEX, "no file can be named");
  }

  @Test
  void saysWhichFileOfTheIndexIsMissing() throws IOException {
    Path model = model("f16-untied-sharded");
    Files.delete(model.resolve("model-00003-of-00005.safetensors"));

    assertFails(
        ExitCode.NOT_FOUND,
        () -> ModelDirectory.open(model),
        "model-00003-of-00005.safetensors does not exist, which " + INDEX + " names");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"weight_map\": {}}", "[1]", "{\"weight_map\": 3}"})
  void refusesAnIndexWithoutFiles(String content) throws IOException {
    Path model = model("f16-untied-sharded");
    Files.writeString(model.resolve(INDEX), content);

    assertFails(ExitCode.BAD_DATA, () -> ModelDirectory.open(model), "lists no weight files");
  }

  @Test
  void saysWhichTensorIsMissing() throws IOException {
    Path model = model("f32-tied-own-head-dim");
    edit(model, "config.json", json -> json.put("num_hidden_layers", 3));

    assertFails(
        ExitCode.BAD_DATA,
        () -> ModelDirectory.open(model).checkWeights(),
        "lack the tensor model.layers.2.input_layernorm.weight, which config.json asks for");
  }

  @Test
  void saysWhichTensorHasAnotherShape() throws IOException {
    Path model = model("f32-tied-own-head-dim");
    edit(model, "config.json", json -> json.put("intermediate_size", 81));

    assertFails(
        ExitCode.BAD_DATA,
        () -> ModelDirectory.open(model).checkWeights(),
        "model.layers.0.mlp.gate_proj.weight the shape [80, 32]; config.json asks for [81, 32]");
  }

  @Test
  void refusesANumberFormatBeforeTheWeightsAreRead() throws IOException {
    Path model = model("f32-tied-own-head-dim");
    Path weights = model.resolve("model.safetensors");
    byte[] content = Files.readAllBytes(weights);
    String text = new String(content, java.nio.charset.StandardCharsets.ISO_8859_1);
    content[text.indexOf("F32")] = 'I';
    Files.write(weights, content);

    assertFails(
        ExitCode.BAD_DATA, () -> ModelDirectory.open(model).checkWeights(), "as I32; supported");
  }

  @Test
  void refusesAModelThatNeverEnds() throws IOException {
    Path model = model("f32-tied-own-head-dim");
    Files.delete(model.resolve("generation_config.json"));
    edit(model, "config.json", json -> json.putNull("eos_token_id"));

    assertFails(ExitCode.BAD_DATA, () -> ModelDirectory.open(model), "names no eos_token_id");
  }

  @ParameterizedTest
  @ValueSource(strings = {"48", "-1", "[1, 48]", "[1, \"two\"]"})
  void refusesAnEndThatIsNoTokenOfTheModel(String eos) throws IOException {
    Path model = model("f32-tied-own-head-dim");
    Files.writeString(model.resolve("generation_config.json"), "{\"eos_token_id\": " + eos + "}");

    assertFails(
        ExitCode.BAD_DATA,
        () -> ModelDirectory.open(model),
        "as eos_token_id; ids must be from 0 to 47");
  }

  private Path model(String name) throws IOException {
    return TestModels.copy(name, temporary.resolve("model"));
  }

  private interface Edit {
    void of(ObjectNode json);
  }

  private static void edit(Path model, String name, Edit edit) throws IOException {
    Path file = model.resolve(name);
    ObjectNode json = (ObjectNode) JSON.readTree(Files.readString(file));
    edit.of(json);
    Files.writeString(file, json.toString());
  }

  private static void assertFails(ExitCode code, ThrowingCallable call, String... texts) {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(call)
        .withMessageContainingAll(texts)
        .withMessageEndingWith(".")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(code));
  }
}
