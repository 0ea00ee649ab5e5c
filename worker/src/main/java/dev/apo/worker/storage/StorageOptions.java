package dev.apo.worker.storage;

import java.nio.file.Path;

/**
 * How to reach an S3 service. Directories need none of it.
 *
 * @param endpoint such as {@code https://minio.example:9000}; null for Amazon S3
 * @param region null for {@code AWS_REGION}, and without that for the service's usual one
 * @param pathStyle whether the bucket is the first part of the path ({@code host/bucket/key}, usual
 *     outside Amazon) and not of the host name ({@code bucket.host/key})
 * @param caFile certificates in PEM to trust in place of the platform's; null for the platform's
 */
public record StorageOptions(String endpoint, String region, boolean pathStyle, Path caFile) {
  /** Amazon S3, or a directory. */
  public static final StorageOptions DEFAULT = new StorageOptions(null, null, false, null);
}
