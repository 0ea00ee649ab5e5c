package dev.apo.worker.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every storage does, whatever is below it. */
abstract class StorageContract {
  @TempDir Path files;
  Storage storage;

  /** A storage with nothing in it. */
  abstract Storage openEmpty() throws Exception;

  @BeforeEach
  void open() throws Exception {
    storage = openEmpty();
  }

  @AfterEach
  void close() {
    storage.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain", "deep/er/name.json", "with space+plus%25.txt", "Grüße/你好"})
  void readsBackWhatWasWritten(String key) {
    storage.write(key, "content".getBytes(UTF_8));

    assertThat(storage.read(key)).asString(UTF_8).isEqualTo("content");
    assertThat(storage.list("")).extracting(StoredObject::key).containsExactly(key);
  }

  @Test
  void keepsAnEmptyObject() {
    storage.write("empty", new byte[0]);

    assertThat(storage.read("empty")).isEmpty();
    assertThat(storage.stat("empty")).hasValueSatisfying(o -> assertThat(o.size()).isZero());
  }

  @Test
  void replacesAnObject() {
    storage.write("key", "a longer first version".getBytes(UTF_8));
    storage.write("key", "second".getBytes(UTF_8));

    assertThat(storage.read("key")).asString(UTF_8).isEqualTo("second");
  }

  @Test
  void namesAnObjectByItsContent() {
    storage.write("key", "content".getBytes(UTF_8));

    assertThat(storage.sha256("key")).isEqualTo(Sha256.of("content".getBytes(UTF_8)));
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> storage.sha256("none"))
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.NOT_FOUND));
  }

  @Test
  void copiesFilesInAndOut() throws IOException {
    byte[] content = new byte[300_000];
    new Random(1).nextBytes(content);
    Path source = Files.write(files.resolve("source"), content);
    Path target = Files.writeString(files.resolve("target"), "something older");

    storage.upload("a/file", source);
    storage.download("a/file", target);

    assertThat(target).hasBinaryContent(content);
    assertThat(names(files)).containsExactly("source", "target");
  }

  @Test
  void leavesTheTargetAloneWhenThereIsNothingToDownload() throws IOException {
    Path target = Files.writeString(files.resolve("target"), "older");

    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> storage.download("missing", target));

    assertThat(target).hasContent("older");
    assertThat(names(files)).containsExactly("target");
  }

  @Test
  void reportsSizeAndKey() {
    storage.write("a/b", new byte[42]);

    StoredObject object = storage.stat("a/b").orElseThrow();

    assertThat(object.key()).isEqualTo("a/b");
    assertThat(object.size()).isEqualTo(42);
    assertThat(storage.list("a")).containsExactly(object);
  }

  @Test
  void knowsThatAnObjectIsMissing() {
    assertThat(storage.stat("missing")).isEmpty();
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> storage.read("missing"))
        .withMessageContaining("missing")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.NOT_FOUND));
  }

  @Test
  void listsOnlyBelowTheDirectoryInOrder() {
    for (String key : new String[] {"run/b", "run/a/2", "run/a/10", "runner/x", "other"}) {
      storage.write(key, new byte[1]);
    }

    assertThat(storage.list("run"))
        .extracting(StoredObject::key)
        .containsExactly("run/a/10", "run/a/2", "run/b");
    assertThat(storage.list("nowhere")).isEmpty();
    assertThat(storage.list("")).hasSize(5);
  }

  @Test
  void deletesAndDoesNotMindRepeating() {
    storage.write("a/b", new byte[1]);

    storage.delete("a/b");
    storage.delete("a/b");

    assertThat(storage.stat("a/b")).isEmpty();
    assertThat(storage.list("")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", "a\\b", "a\n"})
  void refusesKeysThatAreNoRelativeNames(String key) {
    assertThatIllegalArgumentException().isThrownBy(() -> storage.write(key, new byte[1]));
    assertThatIllegalArgumentException().isThrownBy(() -> storage.read(key));
  }

  @Test
  void concurrentWritersLeaveOneWholeVersion() {
    byte[][] versions = new byte[4][100_000];
    for (int i = 0; i < versions.length; i++) {
      Arrays.fill(versions[i], (byte) i);
    }

    CompletableFuture.allOf(
            Stream.of(versions)
                .map(v -> CompletableFuture.runAsync(() -> storage.write("key", v)))
                .toArray(CompletableFuture[]::new))
        .join();

    byte[] result = storage.read("key");
    assertThat(List.of(versions)).anyMatch(version -> Arrays.equals(version, result));
  }

  static List<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }
}
