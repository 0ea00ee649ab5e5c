package dev.apo.worker;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/** Turns what the file system answers into a sentence for the user and an exit code. */
public final class FileErrors {
  private FileErrors() {}

  public static ApoException explain(Path file, IOException e) {
    if (e instanceof NoSuchFileException || e instanceof NotDirectoryException) {
      return new ApoException(ExitCode.NOT_FOUND, file + " does not exist.", e);
    }
    if (e instanceof AccessDeniedException) {
      return new ApoException(
          ExitCode.DENIED, file + " may not be read or written by this user.", e);
    }
    if (Files.isDirectory(file)) {
      return new ApoException(ExitCode.NOT_FOUND, file + " is a directory; a file is expected.", e);
    }
    String reason =
        e instanceof FileSystemException fse && fse.getReason() != null
            ? fse.getReason()
            : e.getMessage();
    return new ApoException(
        ExitCode.UNAVAILABLE, file + " cannot be read or written: " + reason + ".", e);
  }
}
