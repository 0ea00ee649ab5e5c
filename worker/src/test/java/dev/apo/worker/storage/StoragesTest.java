package dev.apo.worker.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoragesTest {
  @TempDir Path base;

  @ParameterizedTest
  @CsvSource({
    "s3://bucket, s3://bucket/key",
    "s3://bucket/, s3://bucket/key",
    "s3://bucket/a/b/, s3://bucket/a/b/key",
    "file:///data/runs, file:///data/runs/key",
    "file:///with%20space, file:///with%20space/key",
    "/data/runs/, file:///data/runs/key"
  })
  void opensWhatTheLocationNames(String location, String uri) {
    try (Storage storage = open(location)) {
      assertThat(storage.uri("key")).isEqualTo(uri);
    }
  }

  @Test
  void beginsRelativePathsAtTheBaseDirectory() {
    try (Storage storage = open("runs")) {
      assertThat(storage.uri("key")).isEqualTo(base.resolve("runs/key").toUri().toString());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "s3://",
        "s3:///key",
        "s3://ab/key",
        "s3://bucket/../x",
        "gs://bucket",
        "file:relative",
        "file://"
      })
  void refusesLocationsItDoesNotUnderstand(String location) {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> open(location))
        .withMessageContaining(location)
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_MANIFEST));
  }

  @Test
  void refusesAnEndpointThatIsNoAddress() {
    StorageOptions options = new StorageOptions("minio:port/path", null, true, null);

    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> Storages.open("s3://bucket", options, base, Patience.DEFAULT, Map.of()))
        .withMessageContaining("minio:port/path")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_MANIFEST));
  }

  @Test
  void refusesACaFileWithoutCertificates() {
    StorageOptions options = new StorageOptions(null, null, false, base.resolve("missing.pem"));

    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> Storages.open("s3://bucket", options, base, Patience.DEFAULT, Map.of()))
        .withMessageContaining("missing.pem");
  }

  private Storage open(String location) {
    return Storages.open(
        location,
        StorageOptions.DEFAULT,
        base,
        Patience.DEFAULT,
        Map.of("AWS_REGION", "eu-west-1"));
  }
}
