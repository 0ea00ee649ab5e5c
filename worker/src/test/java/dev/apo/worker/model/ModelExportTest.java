package dev.apo.worker.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.worker.TestModels;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

class ModelExportTest {
  @SuppressWarnings("unused")
  private static final List<String> MODELS = TestModels.NAMES;

  @TempDir Path directory;

  @ParameterizedTest
  @FieldSource("MODELS")
  void anExportedModelHasTheSameTensorsAndCompanions(String name) throws IOException {
    ModelDirectory model = TestModels.open(name);
    List<float[]> weights = weights(model);

    ModelExport.copyCompanions(model, directory, SafetensorsWriter.Format.F32);
    ModelExport.writeWeights(
        directory.resolve("model.safetensors"),
        Parameters.of(model.config()),
        SafetensorsWriter.Format.F32,
        (parameter, offset, count) ->
            FloatBuffer.wrap(weights.get(parameter), (int) offset, count));

    ModelDirectory exported = ModelDirectory.open(directory);
    exported.checkWeights();
    assertThat(exported.config()).isEqualTo(model.config());
    assertThat(exported.eosIds()).isEqualTo(model.eosIds());
    assertThat(weights(exported)).usingRecursiveComparison().isEqualTo(weights);
    assertThat(tensors(exported)).containsExactlyInAnyOrderElementsOf(tensors(model));
    for (String companion : List.of("tokenizer.json", "tokenizer_config.json")) {
      assertThat(directory.resolve(companion))
          .hasSameBinaryContentAs(model.path().resolve(companion));
    }
    assertThat(directory.resolve("config.json"))
        .content()
        .contains("\"dtype\"")
        .doesNotContain("float16")
        .contains("float32");
    assertThat(directory.resolve("expected.json")).doesNotExist();
  }

  private static List<float[]> weights(ModelDirectory model) {
    var all = new ArrayList<float[]>();
    for (Parameter parameter : Parameters.of(model.config())) {
      all.add(new float[(int) parameter.size()]);
    }
    model.readWeights(
        (parameter, offset, values) ->
            values.get(all.get(parameter), (int) offset, values.remaining()));
    return all;
  }

  /** Names and shapes. */
  private static List<String> tensors(ModelDirectory model) {
    var all = new ArrayList<String>();
    for (Path file : model.weightFiles()) {
      try (Safetensors tensors = Safetensors.open(file)) {
        tensors.names().forEach(name -> all.add(name + " " + tensors.entry(name).shape()));
      }
    }
    return all;
  }
}
