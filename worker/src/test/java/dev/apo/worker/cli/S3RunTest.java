package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.ExitCode;
import dev.apo.worker.storage.FaultyProxy;
import dev.apo.worker.storage.S3Server;
import dev.apo.worker.storage.TestCa;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands on a bucket: refused, absent, breaking off. */
@Tag("slow")
class S3RunTest {
  @TempDir static Path buckets;
  private static S3Server server;

  @TempDir Path directory;
  private FaultyProxy proxy;

  @BeforeAll
  static void start() throws Exception {
    server = new S3Server(buckets);
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

  private Workplace workplace(String name, String endpoint) {
    var workplace =
        new Workplace(directory)
            .set("storage.uri", "s3://bucket/" + name)
            .set("storage.endpoint", endpoint);
    S3Server.CREDENTIALS.forEach(workplace::environment);
    return workplace;
  }

  @ParameterizedTest
  @ValueSource(strings = {"prepare", "estimate", "train", "run"})
  void everyStageSaysThatItsSecretIsWrong(String stage) {
    var workplace =
        workplace("wrong", server.endpoint()).environment("AWS_SECRET_ACCESS_KEY", "open-says-me");

    Workplace.Outcome outcome = workplace.process(stage).endsWith(ExitCode.DENIED.value());

    assertThat(outcome.error())
        .startsWith("Bucket bucket at " + server.endpoint() + " refuses access to s3://bucket/")
        .endsWith("; check the credentials and their rights.");
    assertThat(outcome.err() + outcome.out()).doesNotContain("open-says-me", "Exception", "\tat ");
    assertThat(buckets.resolve("bucket/wrong")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          nobody | sesame | refuses access to s3://bucket/
          ''     | ''     | refuses access to s3://bucket/
          tester | ''     | Only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set
          """)
  void wrongAbsentAndHalfCredentialsAreRefused(String key, String secret, String what) {
    var workplace =
        workplace("wrong", server.endpoint())
            .environment("AWS_ACCESS_KEY_ID", key)
            .environment("AWS_SECRET_ACCESS_KEY", secret);

    assertThat(workplace.process("prepare").endsWith(ExitCode.DENIED.value()).error())
        .contains(what);
  }

  @Test
  void dataAndModelsInABucketNeedCredentialsToo() {
    var workplace =
        workplace("data", server.endpoint())
            .set("storage.uri", "./storage")
            .set("data.train.uri", "s3://bucket/train.jsonl")
            .environment("AWS_SECRET_ACCESS_KEY", "open-says-me");

    assertThat(workplace.process("prepare").endsWith(ExitCode.DENIED.value()).error())
        .contains("refuses access to s3://bucket/train.jsonl");
    workplace
        .set("data.train.uri", "./train.jsonl")
        .set("model.uri", "s3://bucket/model")
        .environment("AWS_SECRET_ACCESS_KEY", "open-says-me");
    assertThat(workplace.process("prepare").endsWith(ExitCode.DENIED.value()).error())
        .contains("refuses access to s3://bucket/model");
  }

  @Test
  void aBucketAnObjectAndAModelThatAreNotThereAreNamed() {
    int missing = ExitCode.NOT_FOUND.value();
    assertThat(
            workplace("x", server.endpoint())
                .set("storage.uri", "s3://nowhere/x")
                .process("prepare")
                .endsWith(missing)
                .error())
        .contains("There is no bucket nowhere at " + server.endpoint());
    assertThat(
            workplace("x", server.endpoint())
                .set("data.eval.uri", "s3://bucket/none.jsonl")
                .process("prepare")
                .endsWith(missing)
                .error())
        .contains("There is no object s3://bucket/none.jsonl", "spec.data");
    assertThat(
            workplace("x", server.endpoint())
                .set("model.uri", "s3://bucket/none")
                .process("prepare")
                .endsWith(missing)
                .error())
        .contains("There is no model at s3://bucket/none", "spec.model.uri");
  }

  @Test
  void aServiceOfAnotherKindIsNoStorage() throws Exception {
    var page =
        com.sun.net.httpserver.HttpServer.create(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    page.createContext(
        "/",
        exchange -> {
          try (exchange) {
            byte[] body = "<html>Welcome</html>".getBytes(StandardCharsets.UTF_8);
            boolean head = exchange.getRequestMethod().equals("HEAD");
            exchange.getResponseHeaders().set("Content-Type", "text/html");
            exchange.sendResponseHeaders(404, head ? -1 : body.length);
            if (!head) {
              exchange.getResponseBody().write(body);
            }
          }
        });
    page.start();
    try {
      String endpoint = "http://127.0.0.1:" + page.getAddress().getPort();
      Workplace.Outcome outcome = workplace("x", endpoint).process("prepare");

      outcome.endsWith(ExitCode.UNAVAILABLE.value());
      assertThat(outcome.error())
          .startsWith(endpoint + " does not answer like an S3 service for s3://bucket/x/")
          .endsWith("check the endpoint and its port.");
    } finally {
      page.stop(0);
    }
  }

  @Test
  void aPrivateAuthorityIsTrustedByItsFileAlone() throws Exception {
    var ca = new TestCa(Files.createDirectory(directory.resolve("ca")));
    var another = new TestCa(Files.createDirectory(directory.resolve("another")));
    Path data = Files.createDirectory(directory.resolve("data"));
    try (var secure = new S3Server(data, ca.issue("127.0.0.1"))) {
      secure.blobs().createContainerInLocation(null, "bucket");
      var workplace = workplace("tls", secure.secureEndpoint());

      workplace.environment("APO_CA_FILE", ca.certificate() + "").process("prepare").succeeds();
      assertThat(
              workplace
                  .environment("APO_CA_FILE", another.certificate() + "")
                  .process("prepare")
                  .endsWith(ExitCode.UNAVAILABLE.value())
                  .error())
          .contains("is not signed by an authority that is trusted", "APO_CA_FILE");
      assertThat(
              workplace
                  .environment("APO_CA_FILE", directory.resolve("train.jsonl") + "")
                  .process("prepare")
                  .endsWith(ExitCode.BAD_MANIFEST.value())
                  .error())
          .contains("train.jsonl cannot be read as PEM certificates");
    }
  }

  /** Half a minute: all the time that a single request is tried. */
  @Test
  void storageThatGoesAwayInTheMiddleLosesNothing() throws Exception {
    var workplace = workplace("gone", proxy.endpoint()).environment("APO_STORAGE_PATIENCE", "1");
    // For good, from the moment when the checkpoint of step 4 is on its way.
    goneFrom(request -> request.contains("step-00000004"));

    Workplace.Outcome outcome = workplace.process("run").endsWith(ExitCode.UNAVAILABLE.value());

    assertThat(outcome.error()).contains(proxy.endpoint() + " does not answer");
    proxy.fault = exchange -> false;
    assertThat(workplace.process("run").succeeds().err())
        .contains("Going on from the checkpoint of step 2.")
        .contains("no response is sampled");

    var undisturbed = new Workplace(Files.createDirectory(directory.resolve("undisturbed")));
    undisturbed.apo("run").succeeds();
    var inBucket = new Workplace(Files.createDirectory(directory.resolve("view")));
    Files.createSymbolicLink(
        inBucket.directory().resolve("storage"), buckets.resolve("bucket/gone"));
    assertThat(inBucket.results()).isEqualTo(undisturbed.results());
  }

  private void goneFrom(Predicate<String> request) {
    boolean[] gone = {false};
    proxy.fault =
        exchange -> {
          synchronized (gone) {
            gone[0] |= request.test(exchange.getRequestURI().toString());
            return gone[0] && FaultyProxy.hangUp().strike(exchange);
          }
        };
  }

  @Test
  void freshDeletesFirstWhatDeclaresSomethingComplete() {
    var workplace = workplace("fresh", proxy.endpoint()).set("train.steps", 2);
    workplace.process("run").succeeds();
    int before = proxy.requests().size();

    workplace.process("run", "--fresh").succeeds();

    List<String> deleted = new ArrayList<>();
    List<String> requests = proxy.requests();
    for (String request : requests.subList(before, requests.size())) {
      if (request.startsWith("DELETE ")) {
        deleted.add(request.replaceFirst(".*/local/", ""));
      } else if (!deleted.isEmpty()) {
        break;
      }
    }
    List<String> declaring = deleted.stream().filter(S3RunTest::isDeclaring).toList();
    assertThat(declaring)
        .containsExactlyInAnyOrder(
            "checkpoints/step-00000002/manifest.json", "model/manifest.json", "result.json");
    assertThat(deleted).startsWith(declaring.toArray(String[]::new));
    assertThat(deleted)
        .contains("spec.json", "inputs.json", "model/model.safetensors", "metrics.jsonl");
  }

  @Test
  void finishedRunsInABucketAreCompared() {
    var workplace =
        workplace("compared", server.endpoint())
            .set("train.steps", 2)
            .set("train.evaluateEvery", 1)
            .set("train.seed", 7)
            // As on a cluster, where no directory is the manifest's own.
            .set("data.train.uri", directory.resolve("train.jsonl").toUri().toString())
            .set("data.eval.uri", directory.resolve("eval.jsonl").toUri().toString());
    workplace.process("run").succeeds();
    String run = "s3://bucket/compared/runs/default/sums/local";
    Path out = directory.resolve("comparison");

    Workplace.Outcome outcome =
        workplace.program(
            ("compare --runs " + run + " --endpoint " + server.endpoint() + " --out " + out)
                .split(" "));

    assertThat(outcome.succeeds().err()).doesNotContain("is not known");
    JsonNode methods = Workplace.parse(Workplace.read(out.resolve("compare.json"))).at("/methods");
    assertThat(methods).hasSize(1);
    assertThat(methods.at("/0/seeds").toString()).isEqualTo("[7]");
    assertThat(methods.at("/0/divergence/mean").asDouble()).isNotZero();
    assertThat(methods.at("/0/curve")).hasSize(3);
  }

  private static boolean isDeclaring(String key) {
    return key.equals("result.json") || key.endsWith("/manifest.json");
  }
}
