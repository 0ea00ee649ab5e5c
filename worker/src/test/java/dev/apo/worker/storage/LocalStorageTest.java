package dev.apo.worker.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalStorageTest extends StorageContract {
  @TempDir Path root;

  @Override
  Storage openEmpty() {
    return new LocalStorage(root.resolve("created/later"));
  }

  @Test
  void hidesWhatAKilledWriterLeft() throws IOException {
    storage.write("a/b", new byte[1]);
    Files.write(root.resolve("created/later/a/" + AtomicFile.TEMPORARY + "1"), new byte[1]);

    assertThat(storage.list("")).extracting(StoredObject::key).containsExactly("a/b");
  }

  @Test
  void leavesNothingBehindWhenAWriteFails() throws IOException {
    Path target = root.resolve("target");

    assertThatExceptionOfType(IOException.class)
        .isThrownBy(
            () ->
                AtomicFile.write(
                    target,
                    out -> {
                      out.write("half".getBytes(UTF_8));
                      throw new IOException("disk full");
                    }));

    assertThat(names(root)).isEmpty();
  }

  @Test
  void saysWhenAFileIsInTheWay() {
    storage.write("a", new byte[1]);

    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> storage.write("a/b", new byte[1]))
        .withMessageContaining(root.resolve("created/later/a") + " is a file, not a directory")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.NOT_FOUND));
  }

  @Test
  void namesObjectsByUri() {
    assertThat(storage.uri("a/b")).isEqualTo(root.toUri() + "created/later/a/b");
  }
}
