package dev.apo.worker.gguf;

import dev.apo.worker.FileErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * A model's directory for one command: the model's own, or one that is made of a GGUF file and
 * deleted at the end.
 *
 * @param temporary what to delete, or null
 */
public record TemporaryModel(Path directory, Path temporary) implements AutoCloseable {

  /**
   * @throws dev.apo.worker.ApoException as {@link GgufImport#write}
   */
  public static TemporaryModel of(Path model) {
    if (!GgufImport.isFile(model.toString())) {
      return new TemporaryModel(model, null);
    }
    Path temporary;
    try {
      temporary = Files.createTempDirectory("apo-model-");
    } catch (IOException e) {
      throw FileErrors.explain("write", Path.of(System.getProperty("java.io.tmpdir")), e);
    }
    var made = new TemporaryModel(temporary.resolve("model"), temporary);
    try {
      GgufImport.write(model, made.directory());
      return made;
    } catch (RuntimeException e) {
      made.close();
      throw e;
    }
  }

  @Override
  public void close() {
    if (temporary == null) {
      return;
    }
    try (Stream<Path> all = Files.walk(temporary)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw FileErrors.explain("delete", temporary, e);
    }
  }
}
