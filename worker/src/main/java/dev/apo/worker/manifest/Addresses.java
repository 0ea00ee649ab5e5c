package dev.apo.worker.manifest;

import java.nio.file.Path;

/** Makes relative addresses absolute. */
public final class Addresses {
  private Addresses() {}

  /**
   * An address with a scheme comes back as it is; a path that starts with {@code ./} or {@code ../}
   * becomes a {@code file:///} URI, percent-encoded, without a slash at its end.
   *
   * @param baseDirectory what a relative path starts from
   */
  public static String resolve(Path baseDirectory, String uri) {
    if (!uri.startsWith("./") && !uri.startsWith("../")) {
      return uri;
    }
    String absolute = baseDirectory.resolve(uri).toAbsolutePath().normalize().toUri().toString();
    return absolute.replaceFirst("(?<=[^/])/$", "");
  }
}
