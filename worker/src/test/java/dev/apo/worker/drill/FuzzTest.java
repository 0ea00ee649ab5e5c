package dev.apo.worker.drill;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpServer;
import dev.apo.api.v1alpha1.DataFormat;
import dev.apo.api.v1alpha1.TableSpec;
import dev.apo.worker.ApoException;
import dev.apo.worker.TestModels;
import dev.apo.worker.data.DataFile;
import dev.apo.worker.data.DataReader;
import dev.apo.worker.data.DataReaders;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.data.PromptTemplate;
import dev.apo.worker.gguf.GgufImport;
import dev.apo.worker.manifest.Manifest;
import dev.apo.worker.manifest.ManifestReader;
import dev.apo.worker.model.ChatTemplate;
import dev.apo.worker.model.ModelDirectory;
import dev.apo.worker.model.Safetensors;
import dev.apo.worker.model.Tokenizer;
import dev.apo.worker.reward.Candidate;
import dev.apo.worker.reward.HttpReward;
import dev.apo.worker.reward.Reward;
import dev.apo.worker.reward.Rewards;
import dev.apo.worker.storage.ArtifactManifest;
import dev.apo.worker.storage.Backoff;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.storage.StorageOptions;
import dev.apo.worker.storage.Storages;
import dev.apo.worker.telemetry.EventLog;
import dev.apo.worker.telemetry.MetricsLog;
import dev.apo.worker.vstar.GivenTable;
import dev.apo.worker.vstar.PublishedTable;
import dev.apo.worker.vstar.Sample;
import dev.apo.worker.vstar.VStarRow;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Everything that the program reads and that others write, damaged in every way. */
@Tag("drill")
class FuzzTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path SAMPLES = Path.of("..", "samples");

  @TempDir Path directory;

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path file(String name, byte[] content) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, content);
  }

  private static List<Path> list(Path directory, String ending) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(f -> f.toString().endsWith(ending)).sorted().toList();
    }
  }

  @Test
  void manifests() throws IOException {
    // Compiles the API's rules, once a process, which takes more than any input may.
    ManifestReader.read(SAMPLES.resolve("quickstart.yaml"));
    List<byte[]> seeds = new ArrayList<>();
    list(SAMPLES, ".yaml").stream()
        .map(FuzzTest::read)
        .filter(text -> new String(text, StandardCharsets.UTF_8).contains("kind: APOTraining"))
        .forEach(seeds::add);
    seeds.add(
        utf8(
            """
            apiVersion: apo.dev/v1alpha1
            kind: APOTraining
            metadata: &m {name: tiny}
            spec: &s
              model: {uri: &u "./model"}
              data: &d {train: {uri: *u}, eval: {uris: [*u, *u]}}
              reward: {type: Math, format: [{pattern: "a*b", weight: 0.5}]}
              storage: {uri: ../out}
              train: {pod: {env: [{name: A, value: b}], resources: {limits: {cpu: 1}}}}
            """));
    List<String> words =
        List.of(
            "&a [*a, *a]",
            "*s",
            "*d",
            "&s ",
            "<<: ",
            "- ",
            "? ",
            "!!binary ",
            "!x ",
            "|\n",
            ">-\n",
            "---\n",
            "...\n",
            "%YAML 9.9\n",
            "spec:",
            "    ",
            "[[[[",
            "{a: ",
            "0x7f",
            "1_000",
            ".inf",
            "{pod: {affinity: {nodeAffinity: ");
    new Fuzz()
        .run(
            "manifests",
            new Mutator(seeds, words, false),
            input -> ManifestReader.read(file("manifest.yaml", input)));
  }

  @Test
  void manifestsInJson() throws IOException {
    var seeds = new ArrayList<byte[]>();
    for (String name : List.of("quickstart", "countdown", "gsm8k", "multiply")) {
      Manifest manifest = ManifestReader.read(SAMPLES.resolve(name + ".yaml"));
      ObjectNode tree = JSON.createObjectNode();
      tree.put("apiVersion", "apo.dev/v1alpha1").put("kind", "APOTraining");
      tree.putObject("metadata").put("name", name);
      tree.set("spec", withoutNulls(JSON.valueToTree(manifest.spec())));
      seeds.add(JSON.writeValueAsBytes(tree));
    }
    new Fuzz()
        .run(
            "manifests, value by value",
            new Mutator(seeds, List.of(), true),
            input -> ManifestReader.read(file("manifest.yaml", input)));
  }

  private static ObjectNode withoutNulls(ObjectNode node) {
    node.properties().removeIf(field -> field.getValue().isNull());
    node.forEach(
        child -> {
          if (child instanceof ObjectNode object) {
            withoutNulls(object);
          }
        });
    return node;
  }

  @Test
  void safetensors() throws IOException {
    List<byte[]> seeds =
        list(TestModels.path("f32-qwen3").getParent(), ".safetensors").stream()
            .map(FuzzTest::read)
            .map(FuzzTest::headerAndALittle)
            .toList();
    new Fuzz()
        .run(
            "safetensors",
            new Mutator(seeds, List.of("\"dtype\":\"I64\"", "\"data_offsets\":[0,4]"), false),
            input -> {
              try (Safetensors tensors = Safetensors.open(file("model.safetensors", input))) {
                for (String name : tensors.names()) {
                  tensors.read(name, (first, values) -> {});
                }
              }
            });
  }

  /** Most of a file is weights, and any are as good as others. */
  private static byte[] headerAndALittle(byte[] file) {
    int header = 8 + (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    return file.length < 40_000 ? file : Arrays.copyOf(file, header + 4096);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "model.safetensors.index.json"
      })
  void modelFiles(String name) throws IOException {
    var seeds = new ArrayList<byte[]>();
    for (Path file : list(TestModels.path("f32-qwen3").getParent(), "/" + name)) {
      seeds.add(read(file));
    }
    if (name.equals("tokenizer.json")) {
      for (Path file : list(Path.of("src/test/resources/tokenizers"), ".json")) {
        seeds.add(read(file));
      }
    }
    String model = name.contains("index") ? "f16-untied-sharded" : "bf16-qwen2-yarn-rope";
    Path copy = TestModels.copy(model, directory.resolve("model"));
    Files.writeString(copy.resolve("chat_template.jinja"), "{{ messages[0].content }}");
    new Fuzz()
        .run(
            name,
            new Mutator(seeds, List.of("\\u0000", "../"), true),
            input -> {
              Files.write(copy.resolve(name), input);
              ModelDirectory opened = ModelDirectory.open(copy);
              opened.checkWeights();
              ChatTemplate.load(opened).render(null, "7+5=");
              try (Tokenizer tokenizer = Tokenizer.load(opened)) {
                tokenizer.decode(tokenizer.encodePrompt("7+5="));
              }
            });
  }

  @Test
  void chatTemplates() throws IOException {
    Path copy = TestModels.copy("f32-qwen3", directory.resolve("model"));
    var seeds = new ArrayList<byte[]>();
    try (var chats = FuzzTest.class.getResourceAsStream("/chats.json")) {
      for (var node : JSON.readTree(chats).findValues("template")) {
        seeds.add(utf8(node.asText()));
      }
    }
    assertThat(seeds).isNotEmpty();
    List<String> words =
        List.of(
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            "{%- for m in messages %}",
            "{% endfor %}",
            "{% if x %}",
            "{% else %}",
            "{% endif %}",
            "{% set ns = namespace(x=1) %}",
            "|tojson",
            "|join(',')",
            "|length",
            "|trim",
            "|replace('a','aaaaaaaaaa')",
            "[::-1]",
            "[0:99999999999]",
            "(",
            "[",
            "{'a':",
            "not ",
            "-",
            "~",
            "*",
            "**",
            "//",
            "%",
            "range(100000)",
            "messages",
            "messages * 99999999",
            "'x' * 99999999999",
            ".content",
            ".items()",
            ".split('')",
            "loop.index",
            "is defined",
            " in ",
            "9223372036854775807 + 1",
            "-9223372036854775808 // -1",
            "1 / 0",
            "1 % 0",
            "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
            "strftime_now('%')",
            "raise_exception('x')");
    new Fuzz()
        .run(
            "chat templates",
            new Mutator(seeds, words, false),
            input -> {
              Files.write(copy.resolve("chat_template.jinja"), input);
              ChatTemplate template = ChatTemplate.load(ModelDirectory.open(copy));
              template.render("Be brief.", "7+5=");
              template.render(null, "7+5=");
            });
  }

  @Test
  void gguf() throws IOException {
    List<byte[]> seeds =
        Stream.of("llama-q4", "qwen2-q8", "blocks")
            .map(name -> read(Path.of("src/test/resources/gguf/" + name + ".gguf")))
            .toList();
    List<String> words =
        List.of(
            "general.alignment",
            "tokenizer.ggml.tokens",
            "llama.block_count",
            "blk.0.attn_q.weight");
    Path model = directory.resolve("model");
    new Fuzz()
        .run(
            "GGUF",
            new Mutator(seeds.stream().map(FuzzTest::start).toList(), words, false),
            input -> {
              clear(model);
              GgufImport.write(file("m.gguf", input), model);
            });
    new Fuzz()
        .run(
            "GGUF, whole",
            new Mutator(seeds, words, false),
            input -> {
              clear(model);
              GgufImport.write(file("m.gguf", input), model);
              ModelDirectory.open(model).checkWeights();
            });
  }

  private static byte[] start(byte[] file) {
    return Arrays.copyOf(file, Math.min(file.length, 6000));
  }

  private static void clear(Path directory) throws IOException {
    if (Files.exists(directory)) {
      try (Stream<Path> all = Files.walk(directory)) {
        for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void data(DataFormat format) throws IOException {
    String json =
        "{\"question\": \"7+5=é\", \"n\": {\"answer\": [12, 1.50, null, true]}, \"b\": \"\"}";
    List<byte[]> seeds =
        switch (format) {
          case JSONL ->
              List.of(
                  utf8(json + "\n\n" + json + "\r\n"), utf8("\uFEFF" + json), zipped(json + "\n"));
          case JSON -> List.of(utf8("[" + json + ",\n" + json + "]"), zipped("[" + json + "]"));
          case CSV ->
              List.of(
                  utf8("question,n,b\n\"7+\"\"5\",12,\n8+8,\"16\n\",x\n"),
                  utf8("\uFEFFquestion,b\r\n1,2\r\n"),
                  zipped("question\n7\n"));
          case PARQUET -> List.of(published(1), published(4));
        };
    new Fuzz()
        .run(
            format + " data",
            new Mutator(seeds, List.of("\"question\"", "PAR1"), format == DataFormat.JSON),
            input -> {
              var file = new DataFile("data", file("data", input));
              try (DataReader reader = DataReaders.open("data", List.of(file), format)) {
                while (reader.hasNext()) {
                  var row = reader.next();
                  for (String field : List.of("question", "n.answer.1", "b", "prompt")) {
                    try {
                      row.text(field);
                      row.number(field);
                    } catch (ApoException e) {
                      assertThat(e).hasMessageStartingWith("data, ");
                    }
                  }
                }
              }
            });
  }

  private static byte[] zipped(String text) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new GZIPOutputStream(bytes)) {
      zip.write(utf8(text));
    }
    return bytes.toByteArray();
  }

  private static byte[] published(int rows) {
    return PublishedTable.encode(
        "openai/gsm8k",
        answer -> answer,
        IntStream.range(0, rows)
            .mapToObj(
                i ->
                    new VStarRow(
                        i,
                        i + "+1=?",
                        "" + (i + 1),
                        List.of(new Sample("It is " + i, 1, 3, false), new Sample("", 0, 0, true))))
            .toList());
  }

  @ParameterizedTest
  @EnumSource(names = {"JSONL", "PARQUET"})
  void givenTables(DataFormat format) throws IOException {
    String row =
        "{\"prompt\": \"0+1=?\", \"answer\": \"1\", \"eval_0\": 1.0, \"eval_1\": 0, \"response_0\": \"1\","
            + " \"tokens_0\": 3, \"truncated_1\": true}";
    List<byte[]> seeds = format == DataFormat.JSONL ? List.of(utf8(row)) : List.of(published(2));
    var prompt = new Prompt(0, "0+1=?", "1", new int[] {1});
    var spec = new TableSpec("table", format, "prompt", "answer");
    new Fuzz()
        .run(
            "given tables, " + format,
            new Mutator(seeds, List.of("\"eval_2\""), format == DataFormat.JSONL),
            input -> {
              var file = new DataFile("table", file("table", input));
              try (DataReader reader = DataReaders.open("table", List.of(file), format)) {
                GivenTable.read(reader, spec, List.of(prompt), 2);
              }
            });
  }

  @Test
  void artifactManifests() throws IOException {
    try (Storage storage = Storages.open("root", StorageOptions.DEFAULT, directory)) {
      storage.write("a/b", utf8("weights"));
      ArtifactManifest.write(
          storage, "a", List.of(ArtifactManifest.Part.of("b", utf8("weights"))), Map.of("k", "v"));
      List<byte[]> seeds = List.of(storage.read("a/manifest.json"));
      new Fuzz()
          .run(
              "artifact manifests",
              new Mutator(seeds, List.of("../", "/", "\"b\""), true),
              input -> {
                storage.write("a/manifest.json", input);
                ArtifactManifest.isComplete(storage, "a");
                ArtifactManifest.verify(storage, "a");
              });
    }
  }

  @Test
  void metricsThatAnAttemptLeft() {
    List<byte[]> seeds =
        List.of(utf8("{\"step\":1,\"a\":0.5}\n{\"step\":2,\"a\":null}\n{\"step\":3}\n"));
    new Fuzz()
        .run(
            "metrics of an earlier attempt",
            new Mutator(seeds, List.of("\"step\""), false),
            input -> {
              try (MetricsLog log = MetricsLog.open(file("metrics.jsonl", input), 2)) {
                log.append(3, Map.of("a", 1.0));
                EventLog events = EventLog.open(directory.resolve("events"), -1, Clock.systemUTC());
                log.replay(events);
                events.close();
              }
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {type: ExactMatch}                   | 12
          {type: Arithmetic}                   | 12
          {type: GSM8K}                        | so #### 1,234
          {type: GSM8K, method: Flexible}  | 42
          {type: Math}                         | \\boxed{\\frac{1}{2}}
          {type: SymbolicMath}                 | \\sqrt{2}+3\\frac{1}{2}
          {type: Countdown}                    | 44 19 35 = 98
          """)
  void rewards(String reward, String answer) throws IOException {
    Reward scorer = scorer(reward);
    List<byte[]> seeds =
        List.of(
            utf8(
                "So \\boxed{12} and \\boxed{ \\frac{3}{4}\\pi } #### 1,234.0\n<answer> 44 + (19*35) </answer>"),
            utf8(
                "\\fbox{x^2+\\sqrt[3]{2}} \\boxed 3$ \\left(1,\\infty\\right] \\begin{pmatrix}1\\\\2\\end{pmatrix}"),
            utf8(
                "<answer>44-19/(35+2)</answer> -3.5% 90^\\circ \\text{ m} 1,000,000 \\cdot 10^{-3}"),
            utf8(answer));
    List<String> words =
        List.of(
            "\\boxed{",
            "\\boxed ",
            "\\fbox{",
            "\\frac{",
            "\\frac12",
            "\\sqrt{",
            "^{",
            "^9",
            "_{",
            "\\left(",
            "\\right)",
            "\\text{",
            "\\pi",
            "\\cdot",
            "<answer>",
            "</answer>",
            "#### ",
            "+",
            "*",
            "/",
            "!",
            "|",
            "\\begin{pmatrix}",
            "\\\\",
            "e",
            "i",
            "9".repeat(400),
            "\\log_",
            "\\sin",
            "\\pm",
            "\\%",
            "$",
            "x",
            "=");
    new Fuzz()
        .run(
            "responses, reward " + reward,
            new Mutator(seeds, words, false),
            input -> {
              String text = new String(input, StandardCharsets.UTF_8);
              assertThat(scorer.score(List.of(candidate(text, answer)))[0]).isBetween(0.0, 1.0);
              try {
                scorer.checkAnswer(text);
              } catch (IllegalArgumentException e) {
                assertThat(e.getClass()).isEqualTo(IllegalArgumentException.class);
                return;
              }
              scorer.groundTruth(text);
              assertThat(scorer.score(List.of(candidate("\\boxed{12}", text)))[0])
                  .isBetween(0.0, 1.0);
            });
  }

  private static Candidate candidate(String response, String answer) {
    return new Candidate("Solve it.", response, answer, 3, false);
  }

  private Reward scorer(String reward) throws IOException {
    String manifest =
        """
        apiVersion: apo.dev/v1alpha1
        kind: APOTraining
        metadata: {name: tiny}
        spec: {model: {uri: ./m}, data: {train: {uri: ./t}}, reward: %s, storage: {uri: ./s}}
        """
            .formatted(reward);
    return Rewards.of(ManifestReader.read(file("manifest.yaml", utf8(manifest))).spec(), null)
        .train();
  }

  @Test
  void repliesOfRewardServices() throws IOException {
    List<byte[]> seeds =
        List.of(
            utf8("{\"rewards\": [1.0]}"),
            utf8("{\"rewards\": [0], \"more\": [[\"x\"], {\"a\": null}]}"));
    // Else each answer waits for an acknowledgement.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    byte[][] reply = {{}};
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(200, reply[0].length == 0 ? -1 : reply[0].length);
            exchange.getResponseBody().write(reply[0]);
          }
        });
    server.start();
    try {
      var settings =
          new HttpReward.Settings(
              "http://127.0.0.1:" + server.getAddress().getPort() + "/",
              "1",
              Duration.ofSeconds(30),
              8,
              1);
      var service = new HttpReward(settings, null, Backoff.ofAttempts(1));
      new Fuzz()
          .run(
              "replies of reward services",
              new Mutator(seeds, List.of("\"rewards\""), true),
              input -> {
                reply[0] = input;
                assertThat(service.score(List.of(candidate("a", "b")))[0]).isFinite();
              });
    } finally {
      server.stop(0);
    }
  }

  @Test
  void promptTemplates() {
    List<byte[]> seeds = List.of(utf8("{prompt}\nAnswer with {{ {n.answer} }}."), utf8("{prompt}"));
    new Fuzz()
        .run(
            "prompt templates",
            new Mutator(seeds, List.of("{prompt}", "{{", "}}", "{a.b}"), false),
            input ->
                PromptTemplate.parse(new String(input, StandardCharsets.UTF_8))
                    .render("7+5=", name -> "12"));
  }
}
