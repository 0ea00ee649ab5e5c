package dev.apo.worker.storage;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.net.URI;
import java.nio.file.Path;

/** Opens the store that a manifest's {@code uri} names. */
public final class Storages {
  private Storages() {}

  /**
   * Opens a storage; nothing is contacted or created yet.
   *
   * @param location {@code file:///directory}, or a directory path
   * @param baseDirectory where relative directory paths begin
   * @throws ApoException {@code BAD_MANIFEST} if the location is none of these
   */
  public static Storage open(String location, Path baseDirectory) {
    if (location.startsWith("file:")) {
      return new LocalStorage(path(location));
    }
    if (location.contains("://")) {
      throw invalid(location, null);
    }
    return new LocalStorage(baseDirectory.resolve(location));
  }

  private static Path path(String location) {
    try {
      return Path.of(URI.create(location));
    } catch (IllegalArgumentException e) {
      throw invalid(location, e);
    }
  }

  private static ApoException invalid(String location, Throwable cause) {
    return new ApoException(
        ExitCode.BAD_MANIFEST,
        "Storage location \"%s\" is not understood; use file:///directory or a directory path."
            .formatted(location),
        cause);
  }
}
