package dev.apo.worker.storage;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Turns failures of the file system into sentences for users. */
final class FileErrors {
  private FileErrors() {}

  /**
   * @param verb what was to be done with the file: "read", "write"
   */
  static ApoException translate(String verb, Path file, IOException failure) {
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
    return new ApoException(
        ExitCode.UNAVAILABLE,
        "Cannot %s %s (%s); check the disk and its free space."
            .formatted(verb, file, failure.getMessage()),
        failure);
  }

  static ApoException notFound(Path file, Throwable cause) {
    return new ApoException(
        ExitCode.NOT_FOUND, "There is no file %s; check the path.".formatted(file), cause);
  }
}
