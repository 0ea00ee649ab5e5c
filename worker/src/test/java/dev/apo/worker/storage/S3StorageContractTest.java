package dev.apo.worker.storage;

import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class S3StorageContractTest extends StorageContract {
  @TempDir static Path directory;
  private static S3Server server;

  @BeforeAll
  static void start() throws Exception {
    server = new S3Server(directory);
    server.blobs().createContainerInLocation(null, "bucket");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Override
  Storage openEmpty() {
    return Storages.open(
        "s3://bucket/" + UUID.randomUUID(),
        new StorageOptions(server.endpoint(), null, true, null),
        Path.of("."),
        Patience.DEFAULT,
        S3Server.CREDENTIALS);
  }
}
