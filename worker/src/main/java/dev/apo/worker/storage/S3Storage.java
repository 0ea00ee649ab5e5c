package dev.apo.worker.storage;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import io.minio.GetObjectArgs;
import io.minio.GetObjectResponse;
import io.minio.ListObjectsArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.minio.RemoveObjectArgs;
import io.minio.Result;
import io.minio.StatObjectArgs;
import io.minio.StatObjectResponse;
import io.minio.UploadObjectArgs;
import io.minio.errors.ErrorResponseException;
import io.minio.messages.Item;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Objects in a bucket of Amazon S3 or of anything that speaks its protocol.
 *
 * <p>Integrity: every request with content carries the content's SHA-256, which the service checks;
 * each object also keeps the SHA-256 of its whole content as user metadata, and what is read back
 * is compared with it. Objects that others wrote are checked for their length.
 */
final class S3Storage implements Storage {
  private static final String CHECKSUM = "sha256";
  private static final String CHECKSUM_HEADER = "x-amz-meta-" + CHECKSUM;

  private final S3Location location;
  private final S3Connection connection;
  private final MinioClient client;
  private final S3Errors errors;

  S3Storage(S3Location location, S3Connection connection) {
    this.location = location;
    this.connection = connection;
    this.client = connection.client();
    this.errors = new S3Errors(connection.endpoint(), location.bucket());
  }

  @Override
  public byte[] read(String key) {
    String object = object(key);
    try {
      return repeated(
          () -> {
            ByteArrayOutputStream content = new ByteArrayOutputStream();
            receive(key, object, content);
            return content.toByteArray();
          });
    } catch (IOException e) {
      throw errors.translate(uri(key), e);
    }
  }

  @Override
  public void download(String key, Path target) {
    String object = object(key);
    try {
      repeated(
          () -> {
            AtomicFile.write(target, out -> receive(key, object, out));
            return target;
          });
    } catch (IOException e) {
      throw FileErrors.explain("write", target, e);
    }
  }

  @Override
  public String sha256(String key) {
    String object = object(key);
    try {
      return repeated(() -> receive(key, object, OutputStream.nullOutputStream()));
    } catch (IOException e) {
      throw errors.translate(uri(key), e);
    }
  }

  @Override
  public void write(String key, byte[] content) {
    String object = object(key);
    put(
        key,
        () ->
            client.putObject(
                PutObjectArgs.builder()
                    .bucket(location.bucket())
                    .object(object)
                    .userMetadata(Map.of(CHECKSUM, Sha256.of(content)))
                    .stream(
                        new ByteArrayInputStream(content), content.length, connection.partSize())
                    .build()));
  }

  @Override
  public void upload(String key, Path source) {
    String object = object(key);
    String checksum;
    try {
      checksum = Sha256.of(source);
    } catch (IOException e) {
      throw FileErrors.explain("read", source, e);
    }
    put(
        key,
        () ->
            client.uploadObject(
                UploadObjectArgs.builder()
                    .bucket(location.bucket())
                    .object(object)
                    .userMetadata(Map.of(CHECKSUM, checksum))
                    .contentType("application/octet-stream")
                    .filename(source.toString(), connection.partSize())
                    .build()));
  }

  @Override
  public Optional<StoredObject> stat(String key) {
    String object = object(key);
    return request(
        key,
        () -> {
          try {
            StatObjectResponse found =
                client.statObject(
                    StatObjectArgs.builder().bucket(location.bucket()).object(object).build());
            return Optional.of(new StoredObject(key, found.size(), digest(found.etag())));
          } catch (ErrorResponseException e) {
            if (S3Errors.isMissingObject(e)) {
              return Optional.empty();
            }
            throw e;
          }
        });
  }

  @Override
  public List<StoredObject> list(String directory) {
    String prefix = directory.isEmpty() ? location.prefix() : object(directory) + "/";
    return request(
        directory,
        () -> {
          List<StoredObject> objects = new ArrayList<>();
          for (Result<Item> result :
              client.listObjects(
                  ListObjectsArgs.builder()
                      .bucket(location.bucket())
                      .prefix(prefix)
                      .recursive(true)
                      .build())) {
            Item item = result.get();
            // Some tools mark directories by empty objects with such names.
            if (!item.objectName().endsWith("/")) {
              String key = item.objectName().substring(location.prefix().length());
              objects.add(new StoredObject(key, item.size(), digest(item.etag())));
            }
          }
          objects.sort(Comparator.comparing(StoredObject::key));
          return List.copyOf(objects);
        });
  }

  @Override
  public void delete(String key) {
    String object = object(key);
    request(
        key,
        () -> {
          client.removeObject(
              RemoveObjectArgs.builder().bucket(location.bucket()).object(object).build());
          return null;
        });
  }

  @Override
  public String uri(String key) {
    return location.uri(key);
  }

  @Override
  public void close() {
    connection.close();
  }

  private String object(String key) {
    return location.object(Keys.check(key));
  }

  private static String digest(String etag) {
    return etag == null ? null : etag.replace("\"", "");
  }

  private interface Request<T> {
    T run() throws Exception;
  }

  private <T> T request(String key, Request<T> request) {
    Instant failed = null;
    for (int attempt = 1; ; attempt++) {
      try {
        return request.run();
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        failed = failed == null ? connection.outage().now() : failed;
        if (!outlasts(attempt, failed, e)) {
          throw errors.translate(uri(key), e);
        }
      }
    }
  }

  /**
   * The connection repeats a single request for as long as its signature is good; beyond that, the
   * whole operation is done again.
   *
   * @param first when the operation first failed
   */
  private boolean outlasts(int attempt, Instant first, Exception failure) {
    Outage outage = connection.outage();
    Optional<IOException> silence = S3Errors.silence(failure);
    silence.ifPresent(said -> outage.failed(first, said));
    return silence.isPresent()
        && outage.isWorthWaiting(first)
        && connection.backoff().pause(attempt);
  }

  private interface Transfer<T> {
    T run() throws IOException;
  }

  /** The content broke off or is damaged; it may arrive whole when asked for again. */
  private static final class BrokenTransferException extends IOException {
    private final transient ApoException failure;

    BrokenTransferException(ApoException failure) {
      super(failure);
      this.failure = failure;
    }
  }

  /** Single requests are repeated by the connection; this repeats what breaks off later. */
  private <T> T repeated(Transfer<T> transfer) throws IOException {
    for (int attempt = 1; ; attempt++) {
      try {
        return transfer.run();
      } catch (BrokenTransferException e) {
        if (!connection.backoff().pauseAfter(attempt)) {
          throw e.failure;
        }
      }
    }
  }

  /**
   * Uploads, again if the service found the content damaged. If the answer to the last request of
   * an upload in parts is lost, the repeated request finds no upload any more, and nobody can say
   * whether it was completed: it starts afresh.
   */
  private void put(String key, Request<?> upload) {
    try {
      repeated(
          () -> {
            try {
              return request(key, upload);
            } catch (ApoException e) {
              if (S3Errors.isBrokenUpload(e.getCause())) {
                throw new BrokenTransferException(e);
              }
              throw e;
            }
          });
    } catch (IOException e) {
      throw errors.translate(uri(key), e);
    }
  }

  /** Passes the whole object on; its SHA-256. */
  private String receive(String key, String object, OutputStream out) throws IOException {
    GetObjectArgs what = GetObjectArgs.builder().bucket(location.bucket()).object(object).build();
    try (GetObjectResponse content = request(key, () -> client.getObject(what))) {
      String expected = content.headers().get(CHECKSUM_HEADER);
      MessageDigest digest = Sha256.algorithm();
      byte[] buffer = new byte[1 << 16];
      for (int n = next(key, content, buffer); n >= 0; n = next(key, content, buffer)) {
        digest.update(buffer, 0, n);
        out.write(buffer, 0, n);
      }
      String actual = Sha256.hex(digest.digest());
      if (isOurs(expected) && !expected.equals(actual)) {
        throw new BrokenTransferException(
            new ApoException(
                ExitCode.BAD_ARTIFACT,
                "%s is damaged: its content does not match the SHA-256 kept with it; write it again."
                    .formatted(uri(key))));
      }
      return actual;
    }
  }

  /** Other programs may keep something else under this name. */
  private static boolean isOurs(String checksum) {
    return checksum != null && checksum.matches("[0-9a-f]{64}");
  }

  /** Reads on; a connection that ends before the announced length is an error here as well. */
  private int next(String key, GetObjectResponse content, byte[] buffer) throws IOException {
    try {
      return content.read(buffer);
    } catch (IOException e) {
      throw new BrokenTransferException(errors.translate(uri(key), e));
    }
  }
}
