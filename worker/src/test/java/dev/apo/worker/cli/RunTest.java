package dev.apo.worker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.ExitCode;
import dev.apo.worker.TestModels;
import dev.apo.worker.storage.S3Server;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** All stages in one process. */
@Tag("slow")
class RunTest {
  @TempDir static Path reference;
  private static Workplace whole;
  private static Workplace.Outcome outcome;

  @TempDir Path directory;

  @BeforeAll
  static void runOnce() {
    whole = new Workplace(reference);
    outcome = whole.apo("run", "-o", "json").succeeds();
  }

  @Test
  void theLastLineSaysWhatTheRunCameTo() {
    assertThat(outcome.out().lines()).hasSize(1);
    JsonNode result = outcome.json();

    assertThat(result.get("phase").asText()).isEqualTo("Succeeded");
    assertThat(result.get("accuracyBefore").asDouble()).isBetween(0.0, 1.0);
    assertThat(result.get("accuracyAfter").asDouble()).isBetween(0.0, 1.0);
    assertThat(Path.of(URI.create(result.get("model").asText())).resolve("model.safetensors"))
        .isRegularFile();
    assertThat(Path.of(URI.create(result.get("metrics").asText()))).isRegularFile();
    assertThat(Path.of(URI.create(result.get("report").asText())))
        .isEqualTo(whole.run("report.html"))
        .isRegularFile();
    assertThat(result.at("/vstar/key").asText()).matches("[0-9a-f]{64}");
    assertThat(result.at("/vstar/reused").isBoolean()).isTrue();
    assertThat(result.at("/vstar/reused").asBoolean()).isFalse();
    assertThat(result.at("/vstar/responsesGenerated").asInt()).isEqualTo(40 * 2);
    assertThat(result.get("peakRssMiB").asDouble()).isPositive();
    for (String stage : List.of("prepare", "estimate", "train", "evaluate", "total")) {
      assertThat(result.at("/seconds/" + stage).isNumber()).as(stage).isTrue();
    }
  }

  @Test
  void theCostOfEachStageIsKnown() {
    JsonNode cost = outcome.json().get("cost");
    for (String stage : List.of("prepare", "estimate", "train")) {
      assertThat(cost.at("/stages/" + stage + "/cpuHours").asDouble()).as(stage).isPositive();
    }
    assertThat(cost.at("/total/gpuHours").asDouble()).isZero();
    assertThat(cost.at("/total/money").isNull()).isTrue();
    assertThat(Workplace.parse(Workplace.read(whole.run("result.json"))).get("cost"))
        .isEqualTo(cost);
  }

  @Test
  void someResponsesOfEachStepAreKept() {
    List<JsonNode> rollouts =
        Workplace.lines(whole.run("rollouts.jsonl")).stream().map(Workplace::parse).toList();

    assertThat(rollouts).hasSize(6 * 8);
    assertThat(rollouts)
        .allSatisfy(
            r -> {
              assertThat(r.get("advantage").asDouble())
                  .isEqualTo(r.get("reward").asDouble() - r.get("vStar").asDouble());
              assertThat(r.get("logRatio").isNumber()).isTrue();
              boolean right = r.get("response").asText().strip().equals(r.get("answer").asText());
              assertThat(r.get("reward").asDouble()).isEqualTo(right ? 1 : 0);
            });
    // The first step is taken by the reference policy itself.
    assertThat(rollouts.subList(0, 8))
        .allSatisfy(r -> assertThat(r.get("logRatio").asDouble()).isCloseTo(0, within(1e-4)));
  }

  @Test
  void theReportIsMadeAgainFromTheArtifacts() throws IOException {
    Path copy = Files.createDirectory(directory.resolve("copy"));
    for (String file : List.of("metrics.jsonl", "rollouts.jsonl", "result.json")) {
      Files.copy(whole.run(file), copy.resolve(file));
    }

    assertThat(Apo.execute("report", copy.toString())).isZero();

    assertThat(Files.readString(copy.resolve("report.html"))).contains("critic/rewards/mean");
    assertThat(Apo.execute("report", directory.resolve("nothing").toString()))
        .isEqualTo(ExitCode.NOT_FOUND.value());
  }

  @Test
  void evaluationsBeforeDuringAndAfterAreKept() {
    var steps = new ArrayList<Integer>();
    JsonNode state = Workplace.parse(Workplace.read(whole.run("result.json"))).get("state");
    state.get("evaluations").forEach(e -> steps.add(e.get("step").asInt()));

    assertThat(steps).containsExactly(0, 3, 6);
    assertThat(state.at("/evaluations/0/accuracy")).isEqualTo(outcome.json().get("accuracyBefore"));
    assertThat(state.at("/evaluations/2/accuracy")).isEqualTo(outcome.json().get("accuracyAfter"));
  }

  @Test
  void everyStepHasItsMetrics() {
    JsonNode before = whole.metrics().get(0);
    assertThat(before.get("step").asInt()).isZero();
    assertThat(before.get("val/test_correctness_score"))
        .isEqualTo(outcome.json().get("accuracyBefore"));
    List<JsonNode> metrics = whole.metrics().subList(1, 7);

    assertThat(metrics).extracting(m -> m.get("step").asInt()).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(metrics)
        .allSatisfy(
            m ->
                assertThat(m.properties().stream().map(Map.Entry::getKey))
                    .contains("critic/rewards/mean", "actor/pg_loss", "actor/grad_norm"));
    assertThat(metrics)
        .allSatisfy(
            m ->
                // As verl counts: of prompts and responses.
                assertThat(m.get("perf/total_num_tokens").asDouble())
                    .isCloseTo(
                        8
                            * (m.get("prompt_length/mean").asDouble()
                                + m.get("response_length/mean").asDouble()),
                        within(1e-6)));
    assertThat(metrics.get(2).has("val/test_correctness_score")).isTrue();
    assertThat(metrics.get(3).has("val/test_correctness_score")).isFalse();
  }

  @Test
  void evaluationsTellHowFarTheyAre() {
    List<JsonNode> parts =
        outcome
            .err()
            .lines()
            .map(Workplace::parse)
            .filter(line -> line.get("event").asText().equals("part"))
            .toList();

    assertThat(parts).hasSizeGreaterThanOrEqualTo(3);
    assertThat(parts)
        .allSatisfy(
            line -> {
              assertThat(line.get("stage").asText()).isEqualTo("train");
              assertThat(line.at("/part/stage").asText()).isEqualTo("evaluate");
              assertThat(line.at("/part/total").asInt()).isEqualTo(12);
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"train.steps", "train.epochs"})
  void trainingStopsEarlyWithoutABetterAccuracy(String length) {
    Path log = directory.resolve("termination.log");
    var workplace =
        new Workplace(directory)
            .set("train.steps", null)
            .set(length, 40)
            .set("train.evaluateEvery", 1)
            .environment("APO_TERMINATION_LOG", log.toString());
    workplace.set("train.learningRate", 1e-12).set("train.earlyStopping.patience", 2);

    Workplace.Outcome stopped = workplace.apo("run").succeeds();

    assertThat(stopped.err()).contains("Stopped after step 2:", "spec.train.earlyStopping");
    JsonNode state = Workplace.parse(Workplace.read(workplace.run("result.json"))).get("state");
    assertThat(state.get("step").asInt()).isEqualTo(2);
    assertThat(workplace.process("train").succeeds().err()).contains("complete already");
    assertThat(Workplace.parse(Workplace.read(log)).at("/result/stoppedEarly").asBoolean())
        .isTrue();
  }

  @Test
  void otherContentBehindTheSameAddressesIsRefused() {
    var workplace = new Workplace(directory);
    workplace.apo("prepare").succeeds();
    String train = Workplace.read(directory.resolve("train.jsonl"));
    workplace.write("train.jsonl", train.replaceFirst("\"74\"", "\"75\"").getBytes(UTF_8));

    for (String stage : List.of("run", "estimate", "train")) {
      assertThat(workplace.apo(stage).endsWith(78).err())
          .contains("other content behind the same addresses (changed: prompts)");
    }
  }

  @Test
  void anotherEvaluationSetModelOrEndOfResponsesIsRefusedUntilFresh() {
    var workplace = new Workplace(directory).set("model.uri", "./model");
    Path model = directory.resolve("model");
    workplace.copyModel(model);
    workplace.apo("prepare").succeeds();

    String eval = Workplace.read(directory.resolve("eval.jsonl"));
    workplace.write("eval.jsonl", eval.substring(0, eval.lastIndexOf('\n')).getBytes(UTF_8));
    assertThat(workplace.apo("train").endsWith(78).err()).contains("changed: evaluation prompts)");
    workplace.write("eval.jsonl", eval.getBytes(UTF_8));

    String config = Workplace.read(model.resolve("config.json"));
    workplace.write("model/config.json", (config + "\n\n").getBytes(UTF_8));
    assertThat(workplace.apo("train").endsWith(78).err()).contains("changed: model)");
    workplace.write("model/config.json", config.getBytes(UTF_8));

    String generation = Workplace.read(model.resolve("generation_config.json"));
    String other =
        generation.replaceFirst(
            "\"eos_token_id\"\\s*:\\s*(\\[[^\\]]*]|\\d+)", "\"eos_token_id\": [5]");
    assertThat(other).isNotEqualTo(generation);
    workplace.write("model/generation_config.json", other.getBytes(UTF_8));
    assertThat(workplace.apo("train").endsWith(78).err())
        .contains("tokens that end a response", "--fresh");
    workplace.apo("run", "--fresh").succeeds();
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "{}", "{\"state\": {}, \"samples\": []}"})
  void aResultWithoutItsContentIsDamaged(String content) {
    var workplace = new Workplace(directory).set("train.steps", 1);
    workplace.apo("run").succeeds();
    workplace.write("storage/runs/default/sums/local/result.json", content.getBytes(UTF_8));
    assertThat(workplace.apo("run").endsWith(74).err()).contains("result.json is damaged");
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "{}", "{"})
  void aRecordOfInputsWithoutItsContentIsDamaged(String content) {
    var workplace = new Workplace(directory);
    workplace.apo("prepare").succeeds();
    workplace.write("storage/runs/default/sums/local/inputs.json", content.getBytes(UTF_8));
    assertThat(workplace.apo("prepare").endsWith(74).err()).contains("inputs.json is damaged");
  }

  @Test
  void eachStageRefusesAChangedManifest() {
    var workplace = new Workplace(directory);
    workplace.apo("prepare").succeeds();
    workplace.set("train.learningRate", 0.5);
    for (String stage : List.of("prepare", "estimate", "train")) {
      assertThat(workplace.apo(stage).endsWith(78).err())
          .contains("spec.train.learningRate was 0.001 and is now 0.5");
    }
  }

  @Test
  void aRunWithoutItsModelIsNotComplete() throws IOException {
    var workplace = new Workplace(directory);
    workplace.apo("run").succeeds();
    var before = workplace.results();
    Files.delete(workplace.run("model/manifest.json"));

    assertThat(workplace.apo("run").succeeds().err()).doesNotContain("complete already");
    assertThat(workplace.results()).isEqualTo(before);

    workplace.write("storage/runs/default/sums/local/result.json", "{}".getBytes(UTF_8));
    assertThat(workplace.apo("run").endsWith(74).err()).contains("result.json is damaged");
  }

  @Test
  void gzippedDataIsTheSameData() throws IOException {
    var workplace = new Workplace(directory).set("data.train.uri", "./train.jsonl.gz");
    var bytes = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(bytes)) {
      Files.copy(directory.resolve("train.jsonl"), gzip);
    }
    workplace.write("train.jsonl.gz", bytes.toByteArray());
    Files.delete(directory.resolve("train.jsonl"));

    workplace.apo("run").succeeds();

    assertThat(workplace.table()).isEqualTo(whole.table());
    assertThat(workplace.results()).isEqualTo(whole.results());
  }

  @Test
  void promptsThatAreTooLongAreDroppedAndCountedAndNeverCut() {
    var workplace = new Workplace(directory);
    String longPrompt = "{\"prompt\": \"12+34+12+34+12+34+12+34=\", \"answer\": \"184\"}\n";
    String train = Workplace.read(directory.resolve("train.jsonl"));
    workplace.write("train.jsonl", (longPrompt + train).getBytes(UTF_8));
    String eval = Workplace.read(directory.resolve("eval.jsonl")) + "\n";
    workplace.write("eval.jsonl", (eval + longPrompt + longPrompt).getBytes(UTF_8));

    Workplace.Outcome prepared = workplace.apo("prepare").succeeds();

    assertThat(prepared.err())
        .contains("Dropped 1 training and 2 evaluation prompts of more than 16 tokens")
        .contains("spec.sampling.maxPromptTokens");
    JsonNode json = Workplace.parse(Workplace.read(workplace.run("prepared.json")));
    assertThat(json.get("prompts").asInt()).isEqualTo(40);
    assertThat(json.get("promptsTooLong").asInt()).isEqualTo(1);
    assertThat(json.get("evalPrompts").asInt()).isEqualTo(12);
    assertThat(json.get("evalPromptsTooLong").asInt()).isEqualTo(2);
  }

  @Test
  void accuracyOverSeveralSamplesIsTheSameEachTime() {
    var workplace =
        new Workplace(directory).set("evaluate.samples", 4).set("evaluate.temperature", 1.0);

    String first = workplace.apo("evaluate").succeeds().out();
    String second = workplace.process("evaluate").succeeds().out();
    JsonNode run = workplace.apo("run", "-o", "json").succeeds().json();

    assertThat(first).isEqualTo(second);
    assertThat(first).isEqualTo("accuracy " + run.get("accuracyBefore").asDouble() + "\n");
    // A number of right responses among 12 prompts with 4 samples each.
    double right = run.get("accuracyBefore").asDouble() * 12 * 4;
    assertThat(right).isEqualTo(Math.rint(right));
    Path model = Path.of(URI.create(run.get("model").asText()));
    assertThat(workplace.apo("evaluate", "--model", model.toString()).succeeds().out())
        .isEqualTo("accuracy " + run.get("accuracyAfter").asDouble() + "\n");
  }

  @Test
  void anotherModelIsEvaluatedWithItsOwnTokenizer() throws IOException {
    Path model = TestModels.copy("f32-tied-own-head-dim", directory.resolve("other model"));
    Path tokenizer = model.resolve("tokenizer.json");
    Files.writeString(tokenizer, "{}");

    assertThat(
            new Workplace(directory)
                .apo("evaluate", "--model", model.toString())
                .endsWith(ExitCode.BAD_DATA.value())
                .err())
        .contains(tokenizer + " is not a usable tokenizer");
  }

  @Test
  void progressAndMetricsAreServedWhileItRuns() throws Exception {
    // Long enough to be met alive; stopped as soon as everything was seen.
    var workplace =
        new Workplace(directory).set("train.steps", 1_000_000).set("train.epochs", null);
    Process process = workplace.startRun("--port", "0");
    try {
      String base = "http://127.0.0.1:" + port(workplace, process);
      assertThat(get(base + "/healthz")).isEqualTo("ok\n");
      JsonNode progress = Workplace.parse(get(base + "/progress"));
      while (!progress.path("stage").asText().equals("train") || progress.get("done").asInt() < 3) {
        progress = Workplace.parse(get(base + "/progress"));
        Thread.sleep(20);
      }
      assertThat(progress.properties().stream().map(Map.Entry::getKey))
          .contains("unit", "total", "percent", "elapsedSeconds", "etaSeconds", "figures", "time");
      assertThat(get(base + "/metrics"))
          .contains("apo_critic_rewards_mean ", "apo_progress_done{stage=\"train\"}");
    } finally {
      process.destroy();
    }
    workplace.await(process).endsWith(Workplace.STOPPED);
  }

  private static String port(Workplace workplace, Process process) throws Exception {
    Pattern message = Pattern.compile("healthz on port (\\d+)");
    while (process.isAlive()) {
      Matcher line = message.matcher(Files.readString(workplace.directory().resolve("err")));
      if (line.find()) {
        return line.group(1);
      }
      Thread.sleep(20);
    }
    throw new AssertionError(Files.readString(workplace.directory().resolve("err")));
  }

  private static String get(String address) throws Exception {
    HttpResponse<String> response =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(address)).build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).isEqualTo(200);
    return response.body();
  }

  @Test
  void storageMakesNoDifference() throws Exception {
    Path buckets = Files.createDirectory(directory.resolve("s3"));
    try (var server = new S3Server(buckets)) {
      server.blobs().createContainerInLocation(null, "bucket");
      var workplace =
          new Workplace(directory.resolve("work"))
              .set("storage.uri", "s3://bucket/storage")
              .set("storage.endpoint", server.endpoint())
              .set("storage.region", "us-east-1")
              .set("storage.pathStyle", true);
      S3Server.CREDENTIALS.forEach(workplace::environment);

      // Over the network too a killed run goes on.
      workplace.killedAfterStep(3);
      JsonNode result = workplace.process("run", "-o", "json").succeeds().json();

      assertThat(result.get("model").asText()).startsWith("s3://bucket/storage/runs/");
      var inBucket = new Workplace(buckets.resolve("view"));
      Files.createSymbolicLink(
          inBucket.directory().resolve("storage"), buckets.resolve("bucket/storage"));
      Files.delete(inBucket.run("report.html"));
      String run = "s3://bucket/storage/runs/default/sums/local";
      assertThat(workplace.program("report", run, "--endpoint", server.endpoint()).succeeds().out())
          .isEqualTo(run + "/report.html\n");
      assertThat(inBucket.run("report.html")).isRegularFile();
      assertThat(inBucket.table()).isEqualTo(whole.table());
      assertThat(inBucket.results()).isEqualTo(whole.results());
    }
  }
}
