package dev.apo.worker.storage;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;

/**
 * A place in a bucket.
 *
 * @param prefix empty, or ending in {@code /}
 */
record S3Location(String bucket, String prefix) {
  static final String SCHEME = "s3://";

  /** Reads {@code s3://bucket/prefix}. */
  static S3Location parse(String location) {
    String rest = location.substring(SCHEME.length()).replaceAll("/+$", "");
    int slash = rest.indexOf('/');
    String bucket = slash < 0 ? rest : rest.substring(0, slash);
    String prefix = slash < 0 ? "" : rest.substring(slash + 1);
    if (!bucket.matches("[A-Za-z0-9][A-Za-z0-9._-]{2,62}")
        || !(prefix.isEmpty() || Keys.isValid(prefix))) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST,
          "Storage location \"%s\" is not understood; write it as s3://bucket/prefix, with a bucket's name of 3 to 63 characters."
              .formatted(location));
    }
    return new S3Location(bucket, prefix.isEmpty() ? "" : prefix + "/");
  }

  String object(String key) {
    return prefix + key;
  }

  String uri(String key) {
    return SCHEME + bucket + "/" + prefix + key;
  }
}
