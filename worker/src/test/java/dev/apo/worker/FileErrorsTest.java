package dev.apo.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileErrorsTest {
  @TempDir Path directory;

  @Test
  void namesTheFileThatIsNotThere() {
    Path file = directory.resolve("none");

    assertExplained(
        FileErrors.explain("read", file, failure(() -> Files.readString(file))),
        ExitCode.NOT_FOUND,
        file + " does not exist; check the path.");
  }

  @Test
  void namesTheFileWhereADirectoryShouldBe() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    Path below = file.resolve("a/b");
    String sentence = below + ": " + file + " is a file, not a directory; check the path.";

    assertExplained(
        FileErrors.explain("read", below, failure(() -> Files.readString(below))),
        ExitCode.NOT_FOUND,
        "Cannot read " + sentence);
    assertExplained(
        FileErrors.explain("write", below, failure(() -> Files.createDirectories(below))),
        ExitCode.NOT_FOUND,
        "Cannot write " + sentence);
  }

  @Test
  void saysThatADirectoryIsNoFile() {
    assertExplained(
        FileErrors.explain("read", directory, failure(() -> Files.readString(directory))),
        ExitCode.NOT_FOUND,
        "Cannot read " + directory + ": it is a directory; check the path.");
  }

  @Test
  void namesWhatMayNotBeUsed() {
    Path file = directory.resolve("deep/file");

    assertExplained(
        FileErrors.explain("write", file, new AccessDeniedException(directory.toString())),
        ExitCode.DENIED,
        "Cannot write %s: permission denied for %s; check its owner and mode."
            .formatted(file, directory));
  }

  @Test
  void saysThatANameIsTooLong() {
    Path file = directory.resolve("x".repeat(300));

    assertExplained(
        FileErrors.explain("read", file, failure(() -> Files.readString(file))),
        ExitCode.NOT_FOUND,
        "Cannot read " + file + ": no file has so long a name; check the path.");
  }

  @Test
  void everythingElseIsTheDisk() {
    String sentence =
        "Cannot write "
            + directory
            + " (No space left on device); check the disk and its free space.";

    assertExplained(
        FileErrors.explain("write", directory, new IOException("No space left on device")),
        ExitCode.UNAVAILABLE,
        sentence);
    assertExplained(
        FileErrors.explain(
            "write", directory, new FileSystemException("f", null, "No space left on device")),
        ExitCode.UNAVAILABLE,
        sentence);
  }

  private interface Call {
    void run() throws IOException;
  }

  private static IOException failure(Call call) {
    return catchThrowableOfType(IOException.class, call::run);
  }

  private static void assertExplained(ApoException e, ExitCode code, String message) {
    assertThat(e).hasMessage(message);
    assertThat(e.exitCode()).isEqualTo(code);
  }
}
