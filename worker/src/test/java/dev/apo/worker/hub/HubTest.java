package dev.apo.worker.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.storage.Backoff;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubTest {
  private static final String MODEL = "hf://owner/name";
  private static final String FIRST = "a".repeat(40);
  private static final byte[] SMALL = "{}".getBytes();
  private static final byte[] LARGE = new byte[5000];

  static {
    new Random(1).nextBytes(LARGE);
  }

  @TempDir Path cache;
  private final List<String> messages = new ArrayList<>();
  private final List<Duration> pauses = new ArrayList<>();
  private HubServer server;

  @BeforeEach
  void start() throws IOException {
    server = new HubServer();
    server.push(
        "models/owner/name",
        'a',
        Map.of(
            "config.json", SMALL,
            "model.safetensors", LARGE,
            "README.md", SMALL,
            "pytorch_model.bin", LARGE,
            "onnx/model.safetensors", LARGE));
    server.push("datasets/owner/sums", 'a', Map.of("data/train.jsonl", LARGE));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private HubFiles files(Map<String, String> commits) {
    return new HubFiles(cache, environment(), commits, messages::add);
  }

  private HubFiles files() {
    return files(Map.of());
  }

  private Map<String, String> environment() {
    return new HashMap<>(Map.of(Hub.ENDPOINT, server.endpoint()));
  }

  /** A client that does not wait, for one file. */
  private Path download(String token) {
    var backoff = new Backoff(3, Duration.ofSeconds(1), Duration.ofSeconds(9), pauses::add);
    try (Hub hub = new Hub(server.endpoint(), token, backoff)) {
      Snapshot snapshot = hub.snapshot(HubAddress.parse(MODEL));
      var file = snapshot.files().stream().filter(f -> f.name().equals("model.safetensors"));
      hub.download(snapshot, file.findFirst().orElseThrow(), cache.resolve("model.safetensors"));
    }
    return cache.resolve("model.safetensors");
  }

  @Test
  void bringsTheFilesOfAModelOnce() throws IOException {
    Path model = files().model(MODEL, null);

    assertThat(model.resolve("model.safetensors")).hasBinaryContent(LARGE);
    assertThat(model.resolve("config.json")).hasBinaryContent(SMALL);
    try (var files = Files.list(model)) {
      assertThat(files).hasSize(3); // and the mark that it is complete
    }
    assertThat(messages)
        .containsExactly("Downloading hf://owner/name@main at aaaaaaaaaaaa: 2 files, 1 MiB.");

    int calls = server.calls().size();
    assertThat(files().model(MODEL, null)).isEqualTo(model);
    assertThat(server.calls()).hasSize(calls + 1);
    assertThat(messages).hasSize(1);
  }

  @Test
  void bringsOneFileOfADataSet() {
    Path file = files().file("hf://datasets/owner/sums/data/train.jsonl");

    assertThat(file).hasFileName("train.jsonl").hasBinaryContent(LARGE);
  }

  @Test
  void bringsTheFilesOfAFolderThatAreAskedFor() {
    server.push(
        "datasets/owner/sums",
        'b',
        Map.of(
            "data/b.jsonl", SMALL, "data/a.jsonl", LARGE, "data/c.txt", SMALL, "d.jsonl", SMALL));

    Map<String, Path> found =
        files().files("hf://datasets/owner/sums/data/", name -> name.endsWith(".jsonl"));
    assertThat(found.keySet()).containsExactly("a.jsonl", "b.jsonl");
    assertThat(found.get("a.jsonl")).hasBinaryContent(LARGE);
    assertThat(files().files("hf://datasets/owner/sums/", "d.jsonl"::equals)).hasSize(1);
  }

  @Test
  void bringsAModelThatIsOneFile() {
    server.push("models/owner/name", 'b', Map.of("small-Q4.gguf", LARGE, "large.gguf", LARGE));
    Path file = files().model(MODEL + "/small-Q4.gguf", null);

    assertThat(file).hasFileName("small-Q4.gguf").hasBinaryContent(LARGE);
    assertThat(file.resolveSibling("large.gguf")).doesNotExist();
  }

  @Test
  void staysWithTheCommitThatABranchOnceWas() throws IOException {
    HubFiles first = files();
    Path model = first.model(MODEL, null);
    assertThat(first.commits()).isEqualTo(Map.of("hf://owner/name@main", FIRST));

    server.push("models/owner/name", 'b', Map.of("model.safetensors", SMALL));
    int calls = server.calls().size();
    assertThat(files(first.commits()).model(MODEL, null)).isEqualTo(model);
    assertThat(server.calls()).as("all of it was here").hasSize(calls);

    Files.delete(model.resolve(".complete"));
    Files.delete(model.resolve("config.json"));
    assertThat(files(first.commits()).model(MODEL, null)).isEqualTo(model);
    assertThat(model.resolve("config.json")).hasBinaryContent(SMALL);

    assertThat(files().model(MODEL, null).resolve("model.safetensors")).hasBinaryContent(SMALL);
  }

  @Test
  void takesTheRevisionThatIsAskedFor() {
    server.push("models/owner/name", 'b', Map.of("model.safetensors", SMALL));

    assertThat(files().model(MODEL, FIRST)).hasFileName(FIRST);
    assertThat(files().model(MODEL + "@" + FIRST, null)).hasFileName(FIRST);
  }

  @Test
  void goesOnWhereADownloadWasCutOff() {
    server.bytesInOneAnswer = 2000;

    assertThat(download(null)).hasBinaryContent(LARGE);
    assertThat(server.calls().stream().skip(1).map(HubServer.Call::range))
        .containsExactly(null, "bytes=2000-", "bytes=4000-");
  }

  @Test
  void goesOnWithWhatAnotherProcessHasLeft() throws IOException {
    Files.write(cache.resolve("model.safetensors.part"), Arrays.copyOf(LARGE, 1234));

    assertThat(download(null)).hasBinaryContent(LARGE);
    assertThat(server.calls().get(1).range()).isEqualTo("bytes=1234-");
    assertThat(cache.resolve("model.safetensors.part")).doesNotExist();
  }

  @Test
  void beginsAnewWhereAServerKnowsNoRanges() throws IOException {
    server.knowsRanges = false;
    Files.write(cache.resolve("model.safetensors.part"), new byte[1234]);

    assertThat(download(null)).hasBinaryContent(LARGE);
  }

  @Test
  void whatArrivesDamagedIsNotTaken() throws IOException {
    Files.write(cache.resolve("model.safetensors.part"), new byte[1234]);

    refuses(
        () -> download(null),
        ExitCode.UNAVAILABLE,
        "model.safetensors arrived damaged",
        "its SHA-256 is another");
    assertThat(cache).isEmptyDirectory();
    assertThat(download(null)).hasBinaryContent(LARGE);
  }

  @Test
  void theTokenGoesToTheHubAlone() {
    server.token = "hf_secret";

    assertThat(download("hf_secret\n")).hasBinaryContent(LARGE);
    assertThat(server.calls().get(0).token()).isEqualTo("Bearer hf_secret");
    assertThat(server.calls().get(1).path()).startsWith("/elsewhere/");
    assertThat(server.calls().get(1).token()).isNull();
  }

  @Test
  void waitsForABusyHub() {
    server.statuses.addAll(List.of(429, 503));

    assertThat(download(null)).hasBinaryContent(LARGE);
    assertThat(pauses).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          401 |           | DENIED      | shows hf://owner/name@main to nobody without a token | set HF_TOKEN (on a cluster spec.model.tokenSecretRef)
          401 | hf_secret | DENIED      | refuses the token for hf://owner/name@main (HTTP 401) | that the token in HF_TOKEN is valid
          403 | hf_secret | DENIED      | does not let the token's owner read hf://owner/name@main (HTTP 403) | accept the terms at http
          404 |           | NOT_FOUND   | has no hf://owner/name@main (HTTP 404) | check the name and the revision
          429 |           | UNAVAILABLE | was asked too often | or set HF_TOKEN
          429 | hf_secret | UNAVAILABLE | was asked too often | try again later.
          500 |           | UNAVAILABLE | cannot serve hf://owner/name@main now (HTTP 500) | try again later
          """)
  void saysWhatToDoWhenItIsRefused(
      int status, String token, ExitCode code, String what, String help) {
    server.statuses.addAll(List.of(status, status, status));

    refuses(() -> download(token), code, what, help);
  }

  @Test
  void saysSoWhenNobodyAnswers() {
    server.close();

    refuses(() -> download("hf_secret"), ExitCode.UNAVAILABLE, "does not answer", "HF_ENDPOINT");
    assertThat(pauses).hasSize(2);
  }

  @Test
  void refusesATokenThatCannotBeOne() {
    refuses(() -> download("hf_secret x"), ExitCode.DENIED, "token (HF_TOKEN)", "check");
  }

  @Test
  void refusesAnAddressThatIsNone() {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(
            () ->
                new HubFiles(cache, Map.of(Hub.ENDPOINT, "hub"), Map.of(), messages::add)
                    .model(MODEL, null))
        .withMessageStartingWith("HF_ENDPOINT is \"hub\", which is no address");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hf://name",
        "hf://a/b/../c",
        "hf://datasets/a/b//c",
        "hf://datasets/a/b/./c",
        "hf://a/b@"
      })
  void refusesWhatIsNoAddress(String uri) {
    refuses(() -> HubAddress.parse(uri), ExitCode.BAD_MANIFEST, uri, "write hf://owner/name");
  }

  @Test
  void refusesWhatIsNotThere() {
    refuses(
        () -> files().file("hf://datasets/owner/sums/none.jsonl"),
        ExitCode.NOT_FOUND,
        "There is no file hf://datasets/owner/sums@main/none.jsonl",
        "check");
    refuses(() -> files().model(MODEL, "none"), ExitCode.NOT_FOUND, "RevisionNotFound", "check");
    server.push("models/owner/name", 'b', Map.of("pytorch_model.bin", LARGE));
    refuses(() -> files().model(MODEL, null), ExitCode.BAD_DATA, "no model.safetensors", "take");
  }

  private static void refuses(ThrowingCallable call, ExitCode code, String what, String help) {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(call)
        .withMessageContaining(what)
        .withMessageContaining(help)
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(code))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("hf_secret", "\n"));
  }
}
