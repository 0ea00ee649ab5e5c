package dev.apo.worker.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jclouds.blobstore.domain.Blob;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What only a remote store can do: be absent, busy, forbidden, damaged. */
class S3StorageTest {
  private static final int MIB = 1 << 20;

  @TempDir static Path directory;
  private static S3Server server;

  @TempDir Path files;
  private FaultyProxy proxy;
  private final List<Duration> pauses = Collections.synchronizedList(new ArrayList<>());

  @BeforeAll
  static void start() throws Exception {
    server = new S3Server(directory);
    server.blobs().createContainerInLocation(null, "bucket");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void intercept() throws IOException {
    proxy = new FaultyProxy(server.endpoint());
  }

  @AfterEach
  void closeProxy() {
    proxy.close();
  }

  @Test
  void uploadsLargeFilesInParts() throws IOException {
    byte[] content = random(12 * MIB);
    try (Storage storage = open()) {
      storage.upload("large", Files.write(files.resolve("large"), content));

      storage.download("large", files.resolve("copy"));
    }

    assertThat(files.resolve("copy")).hasBinaryContent(content);
    assertThat(proxy.requests()).filteredOn(r -> r.contains("partNumber=")).hasSize(3);
  }

  @Test
  void repeatsOnlyThePartThatFailed() throws IOException {
    byte[] content = random(11 * MIB);
    proxy.failFirst(
        2,
        exchange -> exchange.getRequestURI().toString().contains("partNumber=2"),
        FaultyProxy.status(503));
    try (Storage storage = open()) {
      storage.upload("large", Files.write(files.resolve("large"), content));

      assertThat(storage.read("large")).isEqualTo(content);
    }

    assertThat(proxy.requests()).filteredOn(r -> r.contains("partNumber=")).hasSize(5);
  }

  @Test
  void uploadsAgainWhenItCannotKnowWhetherTheUploadWasCompleted() throws IOException {
    byte[] content = random(6 * MIB);
    proxy.failFirst(
        1,
        exchange ->
            exchange.getRequestMethod().equals("POST")
                && exchange.getRequestURI().toString().contains("uploadId="),
        proxy.loseAnswer());
    try (Storage storage = open()) {
      storage.upload("large", Files.write(files.resolve("large"), content));

      assertThat(storage.read("large")).isEqualTo(content);
    }
    assertThat(proxy.requests()).filteredOn(r -> r.contains("?uploads")).hasSize(2);
  }

  /** What the service sees of a process that is killed: no further request, at some point. */
  @Test
  void anUploadThatEndsAnywhereLeavesTheOldObjectAndCanBeDoneAgain() throws IOException {
    byte[] old = random(MIB);
    Path large = files.resolve("large");
    var none = new Patience(Duration.ZERO, text -> {}, text -> {}, () -> false);
    try (Storage storage = open(none)) {
      storage.write("large", old);
      // An upload begins, has three parts and is completed.
      for (int passed = 0; passed < 5; passed++) {
        byte[] content = random(12 * MIB);
        Files.write(large, content);
        var left = new AtomicInteger(passed);
        proxy.fault =
            exchange -> left.getAndDecrement() <= 0 && FaultyProxy.hangUp().strike(exchange);

        failureOf(() -> storage.upload("large", large));

        proxy.fault = exchange -> false;
        assertThat(storage.read("large")).isEqualTo(old);
        storage.upload("large", large);
        assertThat(storage.read("large")).isEqualTo(content);
        old = content;
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 503, 429})
  void asksAgainWhileTheServiceIsBusy(int status) {
    proxy.failFirst(3, exchange -> true, FaultyProxy.status(status));
    try (Storage storage = open()) {
      storage.write("busy", new byte[] {1});
    }

    assertThat(pauses).hasSize(3);
    assertThat(pauses.get(2)).isBetween(Duration.ofMillis(200), Duration.ofMillis(400));
  }

  @Test
  void asksAgainWhenTheConnectionBreaks() {
    try (Storage storage = open()) {
      storage.write("key", new byte[] {1});
      proxy.failFirst(2, exchange -> true, FaultyProxy.hangUp());

      assertThat(storage.read("key")).containsExactly(1);
    }
  }

  @Test
  void asksAgainWhenTheContentBreaksOff() {
    byte[] content = random(MIB);
    try (Storage storage = open()) {
      storage.write("key", content);
      proxy.failFirst(
          1,
          exchange -> exchange.getRequestMethod().equals("GET"),
          exchange -> {
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content, 0, content.length / 2);
            exchange.close();
            return true;
          });

      storage.download("key", files.resolve("copy"));
    }

    assertThat(files.resolve("copy")).hasBinaryContent(content);
    assertThat(pauses).hasSize(1);
  }

  @Test
  void givesUpInTheEnd() {
    proxy.fault = FaultyProxy.status(503);
    try (Storage storage = open()) {
      ApoException failure = failureOf(() -> storage.list("runs"));

      assertThat(failure.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
      assertThat(failure).hasMessageContaining(proxy.endpoint()).hasMessageContaining("503");
    }
    assertThat(pauses).hasSize(4);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 503})
  void outlivesAnOutageOfAServiceThatAnsweredBefore(int status) {
    try (Storage storage = open()) {
      storage.write("key", new byte[] {1});
      proxy.failFirst(
          40, exchange -> true, status == 0 ? FaultyProxy.hangUp() : FaultyProxy.status(status));

      storage.write("key", new byte[] {2});

      assertThat(storage.read("key")).containsExactly(2);
    }
    assertThat(pauses).hasSizeGreaterThanOrEqualTo(40);
  }

  @Test
  void anOutageEndsWithPatience() {
    try (Storage storage = open(new Patience(Duration.ZERO, text -> {}, text -> {}, () -> false))) {
      storage.write("key", new byte[] {1});
      proxy.fault = FaultyProxy.hangUp();

      ApoException failure = failureOf(() -> storage.write("key", new byte[] {2}));

      assertThat(failure.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
      assertThat(pauses).hasSize(4);
      proxy.fault = exchange -> false;
      assertThat(storage.read("key")).containsExactly(1);
    }
  }

  @Test
  void sendsAgainWhatIsDamagedOnItsWay() {
    byte[] content = random(MIB);
    try (Storage storage = open()) {
      proxy.failFirst(2, exchange -> true, proxy.damageUpload());
      storage.write("key", content);
      assertThat(pauses).hasSize(2);

      proxy.failFirst(2, exchange -> true, proxy.damageDownload());
      assertThat(storage.read("key")).isEqualTo(content);
      assertThat(pauses).hasSize(4);
    }
  }

  @Test
  void namesAnEndpointThatDoesNotAnswer() throws IOException {
    String endpoint;
    try (ServerSocket unused = new ServerSocket(0)) {
      endpoint = "http://127.0.0.1:" + unused.getLocalPort();
    }
    try (Storage storage = open("bucket", endpoint, S3Server.CREDENTIALS, null)) {
      ApoException failure = failureOf(() -> storage.read("key"));

      assertThat(failure.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
      assertThat(failure).hasMessageContaining(endpoint).hasMessageContaining("check");
      assertThat(failure.getMessage()).doesNotContain("\n");
    }
    assertThat(pauses).hasSize(4);
  }

  @Test
  void namesTheBucketButNoSecretWhenAccessIsRefused() {
    Map<String, String> wrong =
        Map.of("AWS_ACCESS_KEY_ID", "tester", "AWS_SECRET_ACCESS_KEY", "open-says-me");
    try (Storage storage = open("bucket", proxy.endpoint(), wrong, null)) {
      for (ThrowingCallable call :
          List.<ThrowingCallable>of(
              () -> storage.read("key"),
              () -> storage.stat("key"),
              () -> storage.list(""),
              () -> storage.write("key", new byte[1]))) {
        ApoException failure = failureOf(call);

        assertThat(failure.exitCode()).isEqualTo(ExitCode.DENIED);
        assertThat(failure)
            .hasMessageContaining("bucket")
            .hasMessageContaining("credentials")
            .message()
            .doesNotContain("tester", "open-says-me", "\n");
      }
    }
    assertThat(pauses).isEmpty();
  }

  @Test
  void refusesHalfACredential() {
    ApoException failure =
        failureOf(
            () ->
                open("bucket", proxy.endpoint(), Map.of("AWS_ACCESS_KEY_ID", "tester"), null)
                    .close());

    assertThat(failure.exitCode()).isEqualTo(ExitCode.DENIED);
    assertThat(failure).hasMessageContaining("AWS_SECRET_ACCESS_KEY");
  }

  @Test
  void namesABucketThatDoesNotExist() {
    try (Storage storage = open("nowhere", proxy.endpoint(), S3Server.CREDENTIALS, null)) {
      for (ThrowingCallable call :
          List.<ThrowingCallable>of(
              () -> storage.list(""), () -> storage.write("key", new byte[1]))) {
        ApoException failure = failureOf(call);

        assertThat(failure.exitCode()).isEqualTo(ExitCode.NOT_FOUND);
        assertThat(failure).hasMessageContaining("nowhere");
      }
    }
  }

  @Test
  void noticesContentThatIsNotWhatWasWritten() {
    try (Storage storage = open()) {
      storage.write("runs/weights", "weights".getBytes(UTF_8));
      Blob damaged =
          server
              .blobs()
              .blobBuilder("prefix/runs/weights")
              .payload("Weights".getBytes(UTF_8))
              .userMetadata(Map.of("sha256", Sha256.of("weights".getBytes(UTF_8))))
              .build();
      server.blobs().putBlob("bucket", damaged);

      for (ThrowingCallable call :
          List.<ThrowingCallable>of(
              () -> storage.read("runs/weights"),
              () -> storage.download("runs/weights", files.resolve("copy")))) {
        ApoException failure = failureOf(call);

        assertThat(failure.exitCode()).isEqualTo(ExitCode.BAD_ARTIFACT);
        assertThat(failure).hasMessageContaining("s3://bucket/prefix/runs/weights");
      }
    }
    assertThat(files.resolve("copy")).doesNotExist();
  }

  @Test
  void readsWhatOthersWrote() {
    server
        .blobs()
        .putBlob(
            "bucket",
            server
                .blobs()
                .blobBuilder("prefix/foreign")
                .payload(new byte[] {7})
                .userMetadata(Map.of("sha256", "in+another/form="))
                .build());

    try (Storage storage = open()) {
      assertThat(storage.read("foreign")).containsExactly(7);
      assertThat(storage.stat("foreign").orElseThrow().digest()).isNotBlank();
    }
  }

  @Test
  void trustsTheGivenAuthorityAndNoOther() throws Exception {
    var ours = new TestCa(Files.createDirectory(files.resolve("ours")));
    var another = new TestCa(Files.createDirectory(files.resolve("another")));
    Path keyStore = ours.issue("127.0.0.1");
    try (S3Server secure = new S3Server(Files.createDirectory(files.resolve("data")), keyStore)) {
      secure.blobs().createContainerInLocation(null, "bucket");
      String endpoint = secure.secureEndpoint();
      try (Storage storage = open("bucket", endpoint, S3Server.CREDENTIALS, ours.certificate())) {
        storage.write("key", new byte[] {1});
        assertThat(storage.read("key")).containsExactly(1);
      }
      for (Path trusted : Arrays.asList(null, another.certificate())) {
        try (Storage storage = open("bucket", endpoint, S3Server.CREDENTIALS, trusted)) {
          ApoException failure = failureOf(() -> storage.read("key"));

          assertThat(failure.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
          assertThat(failure)
              .hasMessage(
                  "The certificate of %s is not signed by an authority that is trusted; set"
                      + " APO_CA_FILE (on a cluster spec.storage.caSecretRef) to the certificate of"
                      + " its authority, or correct the endpoint.",
                  endpoint);
        }
      }
    }
    assertThat(pauses).isEmpty();
  }

  @Test
  void refusesACertificateOfAnotherHost() throws Exception {
    var ca = new TestCa(Files.createDirectory(files.resolve("ca")));
    Path keyStore = ca.issue("10.0.0.1");
    try (S3Server secure = new S3Server(Files.createDirectory(files.resolve("data")), keyStore);
        Storage storage =
            open("bucket", secure.secureEndpoint(), S3Server.CREDENTIALS, ca.certificate())) {
      ApoException failure = failureOf(() -> storage.read("key"));

      assertThat(failure.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
      assertThat(failure)
          .hasMessage(
              "The certificate of %s is for another host name; correct the endpoint or the"
                  + " certificate.",
              secure.secureEndpoint());
    }
  }

  @Test
  void saysThatAServiceSpeaksNoTls() throws Exception {
    String endpoint = server.endpoint().replace("http:", "https:");
    try (Storage storage = open("bucket", endpoint, S3Server.CREDENTIALS, null)) {
      ApoException failure = failureOf(() -> storage.read("key"));

      assertThat(failure.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
      assertThat(failure)
          .hasMessageContaining("No secure connection to " + endpoint)
          .hasMessageContaining("check the endpoint");
    }
  }

  private Storage open() {
    return open("bucket", proxy.endpoint(), S3Server.CREDENTIALS, null);
  }

  private Storage open(
      String bucket, String endpoint, Map<String, String> environment, Path caFile) {
    return open(bucket, endpoint, environment, caFile, Patience.DEFAULT);
  }

  private Storage open(Patience patience) {
    return open("bucket", proxy.endpoint(), S3Server.CREDENTIALS, null, patience);
  }

  private Storage open(
      String bucket,
      String endpoint,
      Map<String, String> environment,
      Path caFile,
      Patience patience) {
    Backoff backoff = new Backoff(5, Duration.ofMillis(100), Duration.ofSeconds(1), pauses::add);
    StorageOptions options = new StorageOptions(endpoint, null, true, caFile);
    return new S3Storage(
        new S3Location(bucket, "prefix/"),
        S3Connection.open(options, environment, 5 * MIB, backoff, patience));
  }

  private static ApoException failureOf(ThrowingCallable call) {
    return catchThrowableOfType(ApoException.class, call);
  }

  private static byte[] random(int size) {
    byte[] content = new byte[size];
    new Random(size).nextBytes(content);
    return content;
  }
}
