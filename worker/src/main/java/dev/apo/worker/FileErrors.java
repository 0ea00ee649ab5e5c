package dev.apo.worker;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Turns what the file system answers into a sentence for the user and an exit code. */
public final class FileErrors {
  private static final String NAME_TOO_LONG = "File name too long";

  private FileErrors() {}

  /**
   * @param verb what was to be done with the file: "read", "write"
   * @param file the file or directory that was worked on; the message also names the one that
   *     failed, where that is another
   */
  public static ApoException explain(String verb, Path file, IOException failure) {
    Path inTheWay = inTheWay(file);
    if (inTheWay != null) {
      return new ApoException(
          ExitCode.NOT_FOUND,
          "Cannot %s %s: %s is a file, not a directory; check the path."
              .formatted(verb, file, inTheWay),
          failure);
    }
    if (failure instanceof NoSuchFileException e) {
      return notFound(Path.of(e.getFile()), e);
    }
    if (failure instanceof AccessDeniedException e) {
      return new ApoException(
          ExitCode.DENIED,
          "Cannot %s %s: permission denied for %s; check its owner and mode."
              .formatted(verb, file, e.getFile()),
          e);
    }
    if (reason(failure).equals(NAME_TOO_LONG)) {
      return new ApoException(
          ExitCode.NOT_FOUND,
          "Cannot %s %s: no file has so long a name; check the path.".formatted(verb, file),
          failure);
    }
    if (verb.equals("read") && Files.isDirectory(file)) {
      return new ApoException(
          ExitCode.NOT_FOUND,
          "Cannot read %s: it is a directory; check the path.".formatted(file),
          failure);
    }
    return new ApoException(
        ExitCode.UNAVAILABLE,
        "Cannot %s %s (%s); check the disk and its free space."
            .formatted(verb, file, reason(failure)),
        failure);
  }

  /** The sentence for a file that is not there. */
  public static ApoException notFound(Path file, Throwable cause) {
    return new ApoException(
        ExitCode.NOT_FOUND, "%s does not exist; check the path.".formatted(file), cause);
  }

  /** The nearest thing above a path that is there, if it is no directory; else null. */
  private static Path inTheWay(Path file) {
    Path above = file.toAbsolutePath().getParent();
    while (above != null && !Files.exists(above)) {
      above = above.getParent();
    }
    return above != null && Files.isRegularFile(above) ? above : null;
  }

  private static String reason(IOException failure) {
    String reason =
        failure instanceof FileSystemException e && e.getReason() != null
            ? e.getReason()
            : failure.getMessage();
    return reason == null ? failure.getClass().getSimpleName() : reason;
  }
}
