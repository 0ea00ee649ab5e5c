package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.worker.gguf.TemporaryModel;
import dev.apo.worker.model.ModelDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run whose model is a GGUF file. */
@Tag("slow")
class GgufRunTest {
  @TempDir Path directory;

  @Test
  void itIsTrainedAndExportedAsADirectory() throws IOException {
    Files.copy(Path.of("src/test/resources/gguf/qwen2-q8.gguf"), directory.resolve("small.gguf"));
    Workplace workplace =
        new Workplace(directory).set("model.uri", "./small.gguf").set("train.steps", 2);
    workplace.apo("run").succeeds();

    ModelDirectory.open(workplace.run("model")).checkWeights();
  }

  @Test
  void itIsTriedWithoutLeavingAnythingBehind() {
    Path file = Path.of("src/test/resources/gguf/qwen2-q8.gguf");
    var made = TemporaryModel.of(file);
    try (made) {
      ModelDirectory.open(made.directory()).checkWeights();
    }
    assertThat(made.temporary()).doesNotExist();

    String[] command = {
      "generate", "--model", file.toString(), "--prompt", "the", "--max-new-tokens", "1"
    };
    assertThat(Apo.execute(command)).isZero();
  }
}
