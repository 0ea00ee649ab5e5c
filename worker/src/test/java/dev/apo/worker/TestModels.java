package dev.apo.worker;

import dev.apo.worker.model.ModelDirectory;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * The tiny models of {@code src/test/resources/models}; how they were made is in {@code
 * src/test/fixtures}.
 */
public final class TestModels {
  public static final List<String> NAMES =
      List.of(
          "f32-tied-own-head-dim",
          "f16-untied-sharded",
          "bf16-untied-no-grouping",
          "f32-llama3-rope",
          "f32-mistral-linear-rope",
          "bf16-qwen2-yarn-rope",
          "f32-qwen3");

  private TestModels() {}

  public static Path path(String name) {
    try {
      return Path.of(TestModels.class.getResource("/models/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A copy that a test may change; returns {@code target}. */
  public static Path copy(String name, Path target) throws IOException {
    Files.createDirectories(target);
    try (Stream<Path> files = Files.list(path(name))) {
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    return target;
  }

  public static ModelDirectory open(String name) {
    return ModelDirectory.open(path(name));
  }
}
