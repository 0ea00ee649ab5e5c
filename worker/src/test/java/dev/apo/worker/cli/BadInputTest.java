package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.apo.worker.ExitCode;
import dev.apo.worker.TestModels;
import dev.apo.worker.storage.S3Server;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the program says, and with which code it ends, when something that it is given is wrong. */
@Tag("slow")
class BadInputTest {
  private static final String MANIFEST =
      """
      apiVersion: apo.dev/v1alpha1
      kind: APOTraining
      metadata: {name: tiny}
      spec:
        model: {uri: ./model}
        data:
          train: {uri: ./train.jsonl}
        reward: {type: ExactMatch}
        sampling: {maxPromptTokens: 8, maxNewTokens: 4}
        estimate: {samplesPerPrompt: 2}
        train: {steps: 2, batchSize: 4, miniBatchSize: 4, checkpointEvery: 1, precision: FP32}
        storage: {uri: ./out}
      """;

  /** A file that nobody may read, not even root. */
  private static final Path UNREADABLE = Path.of("/proc/sys/vm/compact_memory");

  @TempDir static Path finished;
  @TempDir Path directory;

  @BeforeAll
  static void runOnce() throws IOException {
    prepareInputs(finished);
    assertThat(apo(finished, "run").code).isZero();
  }

  @BeforeEach
  void inputs() throws IOException {
    prepareInputs(directory);
  }

  private static void prepareInputs(Path directory) throws IOException {
    TestModels.copy("f32-tied-own-head-dim", directory.resolve("model"));
    Files.writeString(directory.resolve("run.yaml"), MANIFEST);
    // Three blocks of four rows.
    Files.writeString(
        directory.resolve("train.jsonl"),
        IntStream.range(0, 12)
            .mapToObj(i -> "{\"prompt\": \"ă" + (char) ('ą' + i) + "\", \"answer\": \"Ć\"}\n")
            .collect(Collectors.joining()));
  }

  @Test
  void soundInputIsAccepted() {
    Outcome outcome = apo(directory, "prepare");

    assertThat(outcome.code).isZero();
    assertThat(outcome.err).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          batchSize: 4, mini     | batchSzie: 4, mini               | BAD_MANIFEST | run.yaml:11: spec.train.batchSzie is not a field    | did you mean "batchSize"?
          storage:               | storge:                          | BAD_MANIFEST | spec.storge                                         | did you mean "storage"?
          steps: 2               | steps: two                       | BAD_MANIFEST | run.yaml:11: spec.train.steps                       | whole number
          model: {uri: ./model}  | model: ./model                   | BAD_MANIFEST | spec.model                                          | :
          kind: APOTraining      | kind: Deployment                 | BAD_MANIFEST | run.yaml:2: kind is Deployment                      | it must be APOTraining
          metadata: {            | metadata: {{                     | BAD_MANIFEST | run.yaml:                                           | not YAML
          miniBatchSize: 4       | miniBatchSize: 3                 | BAD_MANIFEST | miniBatchSize                                       | batchSize
          batchSize: 4, mini     | batchSize: 16, mini              | BAD_MANIFEST | spec.train.batchSize is 16, and only 12 prompts     | lower it
          maxPromptTokens: 8     | maxPromptTokens: 80              | BAD_MANIFEST | is 84, and the model reads at most 64 tokens        | lower
          train: {uri: ./train.jsonl} | 'train: {uri: ./train.jsonl}\n    chatTemplate: true' | BAD_DATA | model has no chat template | spec.data.template
          uri: ./model           | uri: ./none.gguf                 | NOT_FOUND    | none.gguf does not exist                            | spec.model.uri
          uri: ./model           | uri: ./none                      | NOT_FOUND    | none does not exist                                 | spec.model.uri
          uri: ./model           | uri: ./train.jsonl               | NOT_FOUND    | train.jsonl is a file                               | spec.model.uri
          uri: ./train.jsonl     | uri: ./none.jsonl                | NOT_FOUND    | none.jsonl does not exist                           | spec.data
          uri: ./train.jsonl     | uri: ./model                     | NOT_FOUND    | model is a directory                                | spec.data.train, or several, such as ./model/*.jsonl
          uri: ./train.jsonl     | uri: './no/*.jsonl'              | NOT_FOUND    | No file matches ./no/*.jsonl                        | check spec.data.train
          uri: ./train.jsonl     | 'uri: ./train.jsonl, uris: [./train.jsonl]' | BAD_MANIFEST | exactly one of uri and uris must be set  | one address
          uri: ./train.jsonl     | 'uris: [./train.jsonl, ftp://x]' | BAD_MANIFEST | spec.data.train.uris[1] cannot be                   | Several such addresses
          uri: ./train.jsonl     | limit: 3                         | BAD_MANIFEST | exactly one of uri and uris must be set             | one address
          uri: ./train.jsonl     | 'uri: ./train.jsonl, format: Jsonl' | BAD_MANIFEST | spec.data.train.format must be one of            | did you mean "JSONL"?
          uri: ./train.jsonl     | 'uri: ./train.jsonl, format: Parquet' | BAD_DATA | train.jsonl: what follows row 0 is no whole and sound Parquet | :
          reward:                | '  promptField: question\n  reward:' | BAD_DATA | train.jsonl, line 1: there is no column "question"  | the columns are "prompt", "answer"
          maxPromptTokens: 8     | maxPromptTokens: 1               | BAD_DATA     | All 12 prompts of spec.data.train are longer        | raise it
          uri: ./out             | uri: ./train.jsonl/out           | NOT_FOUND    | train.jsonl is a file, not a directory              | check the path
          """)
  void aManifestIsRefused(String from, String to, ExitCode code, String what, String help)
      throws IOException {
    manifest(from, to);

    assertRefused(apo(directory, "prepare"), code, what, help);
  }

  @Test
  void aManifestThatIsNotThereIsRefused() {
    assertRefused(
        execute("prepare", directory.resolve("none.yaml").toString()),
        ExitCode.NOT_FOUND,
        "none.yaml does not exist",
        "check the path");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          train.jsonl           | ''                                 | BAD_DATA  | train.jsonl has no rows
          train.jsonl           | '\n \n'                            | BAD_DATA  | train.jsonl has no rows
          train.jsonl           | 'prompt,answer'                    | BAD_DATA  | train.jsonl, line 1: expected one JSON object per line
          train.jsonl           | '{"prompt": "ă", "answer": "ă"}\n{"prompt"' | BAD_DATA | train.jsonl, line 2: expected one JSON object per line
          train.jsonl           | '{"prompt": "ă", "answer": null}'  | BAD_DATA  | line 1: "answer" must be text or a number, and is null
          train.jsonl           | '{"prompt": " ", "answer": "ă"}'   | BAD_DATA  | line 1: "prompt" is empty
          model/config.json     | '{"architectures": ["BertModel"]}' | BAD_DATA  | config.json names the architecture BertModel; supported: LlamaForCausalLM
          model/config.json     | '{'                                | BAD_DATA  | config.json is not valid JSON
          model/tokenizer.json  | '{"version": "1.0"}'               | BAD_DATA  | tokenizer.json is not a usable tokenizer
          model/model.safetensors | '12345678{}'                     | BAD_DATA  | model.safetensors claims a header of 4050765991979987505 bytes in a file of 10
          """)
  void aFileIsRefused(String file, String content, ExitCode code, String what) throws IOException {
    Files.writeString(directory.resolve(file), content.replace("\\n", "\n"));

    assertRefused(apo(directory, "prepare"), code, what);
  }

  @Test
  void dataThatIsNoTextIsRefused() throws IOException {
    Files.write(directory.resolve("train.jsonl"), new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10});

    assertRefused(
        apo(directory, "prepare"), ExitCode.BAD_DATA, "train.jsonl, line 1", "is not UTF-8");
  }

  @Test
  void charactersThatNoTokenizerKnowsAreUnknownTokens() throws IOException {
    Files.writeString(
        directory.resolve("train.jsonl"),
        Stream.of("\\ud800", "\\u0000", "\\ud83d\\ude00", "ă\\udc00ą")
            .map(text -> "{\"prompt\": \"" + text + "\", \"answer\": \"" + text + "\"}\n")
            .collect(Collectors.joining()));

    Outcome outcome = apo(directory, "run");

    assertThat(outcome.code).as(outcome.err).isZero();
  }

  @Test
  void dataThatIsCutOffIsRefused() throws IOException {
    Path file = directory.resolve("train.jsonl");
    var zipped = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(zipped)) {
      out.write(Files.readAllBytes(file));
    }
    Files.write(file, Arrays.copyOf(zipped.toByteArray(), zipped.size() - 10));

    assertRefused(
        apo(directory, "prepare"), ExitCode.BAD_DATA, "the gzip file is damaged or cut off");
  }

  @Test
  void commandsThatCannotDoWhatTheyAreToldSaySo() {
    assertRefused(
        apo(directory, "evaluate"),
        ExitCode.BAD_MANIFEST,
        "no evaluation data; set spec.data.eval");
    assertRefused(
        execute("generate", "--model", "model", "--prompt", "ă", "--system", "Be brief."),
        ExitCode.USAGE,
        "--system is a part of a conversation",
        "add --chat");
    assertRefused(
        execute(
            "generate",
            "--model",
            directory.resolve("model").toString(),
            "--chat",
            "--prompt",
            "ă"),
        ExitCode.BAD_DATA,
        "has no chat template",
        "spec.data.template");
    assertRefused(
        execute("generate", "--model", directory.resolve("none.gguf").toString(), "--prompt", "ă"),
        ExitCode.NOT_FOUND,
        "none.gguf does not exist",
        "check the path");
    assertRefused(
        execute("generate", "--model", directory.resolve("none").toString(), "--prompt", "ă"),
        ExitCode.NOT_FOUND,
        "none does not exist");
    assertRefused(
        execute(
            "generate",
            "--model",
            directory.resolve("model").toString(),
            "--prompt",
            "ă",
            "--max-new-tokens",
            "64"),
        ExitCode.USAGE,
        "the model takes 1 to 64 in all");
    assertRefused(
        execute("pretrain", "--out", directory.resolve("run.yaml").toString(), "--max-steps", "1"),
        ExitCode.NOT_FOUND,
        "run.yaml is a file, not a directory");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {type: Math}                                         | the reward math could never accept the answer: its braces do not match, so no \\boxed{…} can hold it.
          {type: SymbolicMath}                                 | the reward symbolic-math could never accept the answer: its braces do not match
          {type: Countdown}                                    | the reward countdown-0.1 could never accept the answer: it must be the numbers and the target, such as "44 19 35 = 98".
          {type: Arithmetic}                                   | the reward arithmetic-0.1 could never accept the answer: it is not a whole number.
          {type: ExactMatch, also: [{type: Math, weight: 0.5}]} | the reward 1.0*exact-match+0.5*math could never accept the answer: its braces do not match
          """)
  void anAnswerThatARewardCannotReadIsRefusedByRow(String reward, String reason)
      throws IOException {
    manifest("{type: ExactMatch}", reward);
    Files.writeString(
        directory.resolve("train.jsonl"),
        """
        {"prompt": "ă", "answer": "}7{"}
        """);

    assertRefused(apo(directory, "prepare"), ExitCode.BAD_DATA, "train.jsonl, line 1: " + reason);
  }

  @Test
  void aPatternThatIsNoneIsRefused() throws IOException {
    manifest("{type: ExactMatch}", "{type: ExactMatch, format: [{pattern: '(?<=a)b'}]}");

    assertRefused(
        apo(directory, "prepare"),
        ExitCode.BAD_MANIFEST,
        "spec.reward.format[0].pattern is no regular expression of RE2");
  }

  @Test
  void dataThatCannotBeMadeIsRefused() {
    String out = directory.resolve("data").toString();
    assertRefused(
        execute("generate-data", "multiply", "--out", out, "--digits", "1"),
        ExitCode.USAGE,
        "There are hardly more than 81 different problems");
    assertRefused(
        execute("generate-data", "countdown", "--out", out, "--max-numbers", "9"),
        ExitCode.USAGE,
        "--min-numbers and --max-numbers must be from 2 to 6");
    assertRefused(
        execute("generate-data", "countdown", "--out", out, "--test-rows", "0"),
        ExitCode.USAGE,
        "--train-rows and --test-rows must be at least 1");
    assertRefused(
        execute("generate-data", "multiply", "--out", directory.resolve("run.yaml").toString()),
        ExitCode.NOT_FOUND,
        "run.yaml is a file, not a directory");
    assertThat(directory.resolve("data")).doesNotExist();
  }

  @Test
  void anAnswerThatItsScorerCouldNeverAcceptIsRefusedByRow() throws IOException {
    manifest("ExactMatch", "GSM8K");
    Files.writeString(
        directory.resolve("train.jsonl"),
        """
        {"prompt": "ă", "answer": "3 + 4 = 7\\n#### 7"}

        {"prompt": "ą", "answer": "about seven"}
        """);

    assertRefused(
        apo(directory, "prepare"),
        ExitCode.BAD_DATA,
        "train.jsonl, line 3: the reward gsm8k-strict could never accept the answer");
  }

  @Test
  void sizesThatDoNotDivideAreRefused() throws IOException {
    edit("model/config.json", "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3");

    assertRefused(
        apo(directory, "prepare"),
        ExitCode.BAD_DATA,
        "num_attention_heads 4, which num_key_value_heads 3 does not divide");
  }

  @Test
  void truncatedWeightsAreRefused() throws IOException {
    Path weights = directory.resolve("model/model.safetensors");
    Files.write(weights, Arrays.copyOf(Files.readAllBytes(weights), 50_000));

    assertRefused(
        apo(directory, "prepare"), ExitCode.BAD_DATA, "model.safetensors is truncated or corrupt");
  }

  @Test
  void nothingThatAHeaderHoldsBreaksTheLine() throws IOException {
    byte[] header =
        "{\"a\\n\\tat b\\u001b[2J%s\":5}"
            .formatted("x".repeat(9000))
            .getBytes(StandardCharsets.UTF_8);
    Files.write(
        directory.resolve("model/model.safetensors"),
        ByteBuffer.allocate(8 + header.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(header.length)
            .put(header)
            .array());

    Outcome outcome = apo(directory, "prepare");

    assertRefused(outcome, ExitCode.BAD_DATA, "incomplete header entry for tensor a at b [2Jxxx");
    assertThat(outcome.err).hasSizeLessThan(1100);
  }

  @Test
  void aTokenizerOfAnotherModelIsRefused() throws IOException {
    edit("model/tokenizer.json", "\"ă\": 3", "\"ă\": 3000");

    assertRefused(
        apo(directory, "prepare"),
        ExitCode.BAD_DATA,
        "tokenizer.json does not fit the model: it gives token id 3000",
        "vocab_size 48");
  }

  @Test
  void whatMayNotBeReadIsNotCalledMissing() throws IOException {
    assumeTrue(Files.exists(UNREADABLE));
    for (String name : List.of("train.jsonl", "model/tokenizer.json", "model/config.json")) {
      Path file = directory.resolve(name);
      Files.delete(file);
      Files.createSymbolicLink(file, UNREADABLE);

      assertRefused(
          apo(directory, "prepare"),
          ExitCode.DENIED,
          "Cannot read " + file + ": permission denied",
          "check its owner and mode");
      Files.delete(file);
      inputs();
    }
    assertRefused(execute("prepare", UNREADABLE.toString()), ExitCode.DENIED, "permission denied");
  }

  @Test
  // Half a minute: all the patience that a run has with a service.
  void storageThatDoesNotAnswerIsNamed() throws IOException {
    s3("http://127.0.0.1:1");

    assertRefused(
        apo(directory, "prepare"),
        ExitCode.UNAVAILABLE,
        "http://127.0.0.1:1 does not answer (Connect)",
        "check the endpoint");
  }

  @Test
  void credentialsThatStorageRefusesAreNamed() throws Exception {
    try (S3Server server = new S3Server(Files.createDirectory(directory.resolve("s3")))) {
      server.blobs().createContainerInLocation(null, "bucket");
      s3(server.endpoint());

      assertRefused(
          apo(directory, "prepare"),
          ExitCode.DENIED,
          "Bucket bucket at " + server.endpoint() + " refuses access",
          "check the credentials");
    }
  }

  @Test
  void aDamagedTableIsNamedAndOnlyItsBlockIsSampledAgain() throws IOException {
    Path run = finishedCopy();
    Files.delete(find(run, "result.json"));
    Path block = find(run, "block-00001.parquet");
    flipByte(block);

    assertRefused(
        apo(run, "train"),
        ExitCode.BAD_ARTIFACT,
        "block-00001.parquet is damaged",
        "delete it and run the stage that writes it again");

    Files.delete(block);
    assertThat(apo(run, "estimate").err).contains("24 responses, 16 done before");
    assertThat(apo(run, "train").code).isZero();
  }

  @Test
  void aHalfWrittenTableIsNotUsedButCompleted() throws IOException {
    Path run = finishedCopy();
    Files.delete(find(run, "result.json"));
    Path block = find(run, "block-00002.parquet");
    byte[] whole = Files.readAllBytes(block);
    Files.write(block, Arrays.copyOf(whole, whole.length / 2));
    Files.delete(block.resolveSibling("../manifest.json"));

    assertRefused(
        apo(run, "train"), ExitCode.BAD_ARTIFACT, "is not complete: it has no manifest.json");

    assertThat(apo(run, "estimate").err).contains("24 responses, 16 done before");
    assertThat(block).hasBinaryContent(whole);
    assertThat(apo(run, "train").code).isZero();
  }

  @Test
  void theCheckpointBeforeADamagedOneIsUsed() throws IOException {
    Path run = finishedCopy();
    Files.delete(find(run, "result.json"));
    flipByte(find(run, "step-00000002").resolve("weights.safetensors"));

    Outcome outcome = apo(run, "train");

    assertThat(outcome.code).isZero();
    assertThat(outcome.err)
        .containsPattern("The checkpoint of step 2 is not used: \\S*weights.safetensors is damaged")
        .contains("Going on from the checkpoint of step 1.");
    assertThat(find(run, "model.safetensors"))
        .hasSameBinaryContentAs(find(finished.resolve("out"), "model.safetensors"));
  }

  @Test
  void aRunNeverStartsAfreshBecauseAllItsCheckpointsAreDamaged() throws IOException {
    Path run = finishedCopy();
    Files.delete(find(run, "result.json"));
    flipByte(find(run, "step-00000001").resolve("moment1.safetensors"));
    Path state = find(run, "step-00000002").resolve("state.json");
    Files.writeString(state, "{\"step\": 2");

    assertRefused(
        apo(run, "train"), ExitCode.BAD_ARTIFACT, "No checkpoint is whole", "--fresh", "step-0000");
    assertThat(find(run, "step-00000001")).isDirectory();
    assertThat(state).hasContent("{\"step\": 2");
  }

  @Test
  void aDamagedRecordOfTheRunIsNamed() throws IOException {
    for (String name : List.of("result.json", "spec.json")) {
      Path run = finishedCopy();
      Path record = find(run, name);
      Files.writeString(record, "{\"state\": ");
      assertRefused(
          apo(run, "run"), ExitCode.BAD_ARTIFACT, name + " is damaged; delete it and run the same");

      Files.delete(record);
      assertThat(apo(run, "run").code).isZero();
    }
  }

  @Test
  void aFigureOfTheResultThatWasNotWrittenIsNotReported() throws IOException {
    Path run = finishedCopy();
    Path result = find(run, "result.json");
    Files.writeString(
        result, Files.readString(result).replaceFirst("\"step\" : 2", "\"step\" : 3"));

    assertRefused(
        apo(run, "train"), ExitCode.BAD_ARTIFACT, "result.json is damaged; delete it and run");

    Files.delete(result);
    assertThat(apo(run, "train").code).isZero();
  }

  @Test
  void aDamagedModelOfAFinishedRunIsExportedAgain() throws IOException {
    Path run = finishedCopy();
    Path weights = find(run, "model/model.safetensors");
    byte[] whole = Files.readAllBytes(weights);
    flipByte(weights);

    Outcome outcome = apo(run, "train");

    assertThat(outcome.code).as(outcome.err).isZero();
    assertThat(outcome.err)
        .containsPattern("The model is exported again: \\S*model.safetensors is damaged")
        .contains("Going on from the checkpoint of step 2.");
    assertThat(weights).hasBinaryContent(whole);
    assertThat(apo(run, "train").err).contains("complete already");
  }

  /** The stage that writes the table mends it; the one that reads it names the damage. */
  @Test
  void aDamagedTableIsMendedByTheEstimate() throws IOException {
    for (String name : List.of("block-00001.parquet", "vstar-manifest")) {
      Path run = finishedCopy();
      Path block = find(run, "block-00001.parquet");
      Path damaged =
          name.startsWith("block") ? block : block.resolveSibling("../manifest.json").normalize();
      byte[] whole = Files.readAllBytes(damaged);
      flipByte(damaged);

      Outcome outcome = apo(run, "estimate");

      assertThat(outcome.code).as(outcome.err).isZero();
      assertThat(damaged).hasBinaryContent(whole);
    }
  }

  @Test
  void lostMetricsAreToldAndCostNothingElse() throws IOException {
    Path run = finishedCopy();
    Files.delete(find(run, "result.json"));
    Path metrics = find(run, "metrics.jsonl");
    byte[] whole = Files.readAllBytes(metrics);
    Files.write(metrics, Arrays.copyOf(whole, whole.length / 3));

    Outcome outcome = apo(run, "train");

    assertThat(outcome.code).as(outcome.err).isZero();
    assertThat(outcome.err)
        .contains("metrics.jsonl is damaged: the metrics of some steps up to step 2 are lost");
    assertThat(find(run, "model.safetensors"))
        .hasSameBinaryContentAs(find(finished.resolve("out"), "model.safetensors"));
  }

  @Test
  void aChangedManifestIsRefused() throws IOException {
    Path run = finishedCopy();
    Path manifest = run.resolve("run.yaml");
    Files.writeString(
        manifest, Files.readString(manifest).replace("precision", "learningRate: 1, precision"));

    assertRefused(
        apo(run, "run"), ExitCode.BAD_MANIFEST, "started with another manifest", "learningRate");
  }

  // ---- inputs ----------------------------------------------------------------------------------

  private void manifest(String from, String to) throws IOException {
    edit("run.yaml", from, to.replace("\\n", "\n"));
  }

  private void s3(String endpoint) throws IOException {
    manifest("{uri: ./out}", "{uri: 's3://bucket/runs', endpoint: '%s'}".formatted(endpoint));
  }

  private void edit(String name, String from, String to) throws IOException {
    Path file = directory.resolve(name);
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replace(from, to));
  }

  /** A copy of a complete run that a test may damage. */
  private Path finishedCopy() throws IOException {
    Path copy = Files.createTempDirectory(directory, "run");
    try (Stream<Path> all = Files.walk(finished)) {
      for (Path file : all.skip(1).toList()) {
        Files.copy(file, copy.resolve(finished.relativize(file)));
      }
    }
    return copy;
  }

  private static Path find(Path run, String name) throws IOException {
    Path storage = Files.isDirectory(run.resolve("out")) ? run.resolve("out") : run;
    try (Stream<Path> all = Files.walk(storage)) {
      return all.filter(file -> file.endsWith(name)).findFirst().orElseThrow();
    }
  }

  private static void flipByte(Path file) throws IOException {
    byte[] content = Files.readAllBytes(file);
    content[content.length / 2] ^= 1;
    Files.write(file, content);
  }

  // ---- outcomes --------------------------------------------------------------------------------

  private record Outcome(int code, String err) {}

  private static Outcome apo(Path directory, String command) {
    return execute(command, directory.resolve("run.yaml").toString());
  }

  private static Outcome execute(String... args) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    var captured = new ByteArrayOutputStream();
    try {
      System.setOut(new PrintStream(PrintStream.nullOutputStream()));
      System.setErr(new PrintStream(captured, true, StandardCharsets.UTF_8));
      int code = Apo.execute(args);
      return new Outcome(code, captured.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  private static void assertRefused(Outcome outcome, ExitCode code, String... words) {
    List<String> sentences = outcome.err.lines().filter(line -> line.startsWith("apo: ")).toList();
    assertThat(outcome.code).as(outcome.err).isEqualTo(code.value());
    assertThat(sentences).as(outcome.err).hasSize(1);
    assertThat(sentences.get(0)).contains(words);
    assertThat(outcome.err).endsWith(sentences.get(0) + "\n").doesNotContain("Exception", "\tat ");
  }
}
