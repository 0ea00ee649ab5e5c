package dev.apo.worker.run;

import dev.apo.worker.FileErrors;
import dev.apo.worker.data.DataFile;
import dev.apo.worker.model.ModelDirectory;
import dev.apo.worker.storage.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** Names a model by its content. */
final class Digests {
  private Digests() {}

  /** SHA-256 over the configuration and every weight file, hexadecimal. */
  static String model(ModelDirectory model) {
    var text = new StringBuilder(file(model.path().resolve("config.json")));
    for (Path file : model.weightFiles()) {
      text.append('\n').append(file.getFileName()).append(' ').append(file(file));
    }
    return Sha256.of(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** SHA-256 over the contents of data files in their order, hexadecimal. */
  static String data(List<DataFile> files) {
    String text = files.stream().map(f -> file(f.path())).collect(Collectors.joining("\n"));
    return Sha256.of(text.getBytes(StandardCharsets.UTF_8));
  }

  /** SHA-256 of a file, hexadecimal. */
  static String file(Path file) {
    try {
      return Sha256.of(file);
    } catch (IOException e) {
      throw FileErrors.explain("read", file, e);
    }
  }
}
