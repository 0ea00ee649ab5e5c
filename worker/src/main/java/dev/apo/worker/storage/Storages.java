package dev.apo.worker.storage;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;

/** Opens the store that a manifest's {@code uri} names. */
public final class Storages {
  private Storages() {}

  /**
   * Opens a storage; nothing is contacted or created yet.
   *
   * @param location {@code s3://bucket/prefix}, {@code file:///directory}, or a directory path
   * @param options for S3; it takes its credentials from {@code AWS_ACCESS_KEY_ID}, {@code
   *     AWS_SECRET_ACCESS_KEY} and {@code AWS_SESSION_TOKEN}
   * @param baseDirectory where relative directory paths begin
   * @throws ApoException {@code BAD_MANIFEST} if the location or an option is not understood
   */
  public static Storage open(String location, StorageOptions options, Path baseDirectory) {
    return open(location, options, baseDirectory, Patience.DEFAULT);
  }

  /** The same with a patience of one's own for a store that stops answering. */
  public static Storage open(
      String location, StorageOptions options, Path baseDirectory, Patience patience) {
    return open(location, options, baseDirectory, patience, System.getenv());
  }

  /** The same with other environment variables. */
  static Storage open(
      String location,
      StorageOptions options,
      Path baseDirectory,
      Patience patience,
      Map<String, String> environment) {
    if (location.startsWith(S3Location.SCHEME)) {
      return new S3Storage(
          S3Location.parse(location),
          S3Connection.open(
              options, environment, S3Connection.PART_SIZE, Backoff.DEFAULT, patience));
    }
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
        ("Storage location \"%s\" is not understood; use s3://bucket/prefix, "
                + "file:///directory or a directory path.")
            .formatted(location),
        cause);
  }
}
