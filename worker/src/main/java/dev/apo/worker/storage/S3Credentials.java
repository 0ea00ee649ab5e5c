package dev.apo.worker.storage;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.util.Map;
import java.util.Optional;

/** Who asks: an access key, its secret, and a session token for temporary keys (or null). */
record S3Credentials(String accessKey, String secretKey, String sessionToken) {
  private static final String ACCESS_KEY = "AWS_ACCESS_KEY_ID";
  private static final String SECRET_KEY = "AWS_SECRET_ACCESS_KEY";
  private static final String SESSION_TOKEN = "AWS_SESSION_TOKEN";

  /** The usual variables, or nothing, for buckets open to all. */
  static Optional<S3Credentials> from(Map<String, String> environment) {
    String accessKey = value(environment, ACCESS_KEY);
    String secretKey = value(environment, SECRET_KEY);
    if ((accessKey == null) != (secretKey == null)) {
      throw new ApoException(
          ExitCode.DENIED,
          "Only one of %s and %s is set; set both, or neither for a public bucket."
              .formatted(ACCESS_KEY, SECRET_KEY));
    }
    return Optional.ofNullable(accessKey)
        .map(key -> new S3Credentials(key, secretKey, value(environment, SESSION_TOKEN)));
  }

  private static String value(Map<String, String> environment, String name) {
    String value = environment.get(name);
    return value == null || value.isBlank() ? null : value.strip();
  }

  /** Keeps secrets out of logs. */
  @Override
  public String toString() {
    return "S3Credentials";
  }
}
