package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.apo.worker.storage.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A directory with a manifest, its data and its storage: 40 sums for the quickstart's small model,
 * which solves some of them. Commands run in this process, or as processes of their own where they
 * are to be stopped.
 */
final class Workplace {
  static final int STOPPED = 143;
  static final int KILLED = 137;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path SAMPLES = Path.of("..", "samples", "quickstart").toAbsolutePath();
  private static final String RUN = "storage/runs/default/sums/local";

  private final Path directory;
  private final ObjectNode spec;
  private final Map<String, String> environment = new TreeMap<>();

  /** What a command came to. */
  record Outcome(int exitCode, String out, String err) {
    Outcome succeeds() {
      assertThat(exitCode).as(err).isZero();
      return this;
    }

    Outcome endsWith(int code) {
      assertThat(exitCode).as(err).isEqualTo(code);
      return this;
    }

    /** The last line of standard output. */
    JsonNode json() {
      List<String> lines = out.lines().toList();
      return parse(lines.get(lines.size() - 1));
    }

    /** The sentence of a failure: the last line of standard error. */
    String error() {
      List<String> lines = err.lines().toList();
      JsonNode line = parse(lines.get(lines.size() - 1));
      assertThat(line.get("level").asText()).isEqualTo("ERROR");
      return line.get("message").asText();
    }

    /** The progress that was told of one stage, in units done. */
    List<Integer> progress(String stage) {
      return err.lines()
          .filter(line -> line.startsWith("{"))
          .map(Workplace::parse)
          .filter(line -> line.path("stage").asText().equals(stage))
          .map(line -> line.get("done").asInt())
          .toList();
    }
  }

  Workplace(Path directory) {
    this.directory = directory;
    this.spec =
        (ObjectNode)
            parse(
                """
                {"model": {},
                 "data": {"train": {"uri": "./train.jsonl"}, "eval": {"uri": "./eval.jsonl"}},
                 "reward": {"type": "ExactMatch"},
                 "sampling": {"maxPromptTokens": 16, "maxNewTokens": 5},
                 "algorithm": {"type": "APO", "beta1": 0.5, "beta2": 0.01},
                 "estimate": {"samplesPerPrompt": 2},
                 "train": {"steps": 6, "batchSize": 8, "miniBatchSize": 8, "learningRate": 1e-3,
                           "precision": "FP32", "evaluateEvery": 3, "checkpointEvery": 2},
                 "storage": {"uri": "./storage"}}
                """);
    set(
        "model.uri",
        SAMPLES.resolve("model").normalize().toUri().toString().replaceFirst("/$", ""));
    copyLines("train.jsonl", "train.jsonl", 40);
    copyLines("test.jsonl", "eval.jsonl", 12);
  }

  private void copyLines(String from, String to, int count) {
    write(
        to,
        String.join("\n", lines(SAMPLES.resolve(from)).subList(0, count))
            .getBytes(StandardCharsets.UTF_8));
  }

  /** Copies the quickstart's model. */
  void copyModel(Path to) {
    try (Stream<Path> files = Files.list(SAMPLES.resolve("model"))) {
      Files.createDirectories(to);
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void delete(String file) {
    try {
      Files.delete(directory.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sets a field of the spec, such as {@code train.steps}. */
  Workplace set(String field, Object value) {
    String[] path = field.split("\\.");
    ObjectNode parent = spec;
    for (String name : Arrays.copyOf(path, path.length - 1)) {
      parent = parent.withObjectProperty(name);
    }
    parent.set(path[path.length - 1], JSON.valueToTree(value));
    return this;
  }

  /** Sets a variable of the processes to come. */
  Workplace environment(String name, String value) {
    environment.put(name, value);
    return this;
  }

  Path manifest() {
    var tree = JSON.createObjectNode();
    tree.put("apiVersion", "apo.dev/v1alpha1").put("kind", "APOTraining");
    tree.putObject("metadata").put("name", "sums");
    tree.set("spec", spec);
    // JSON is YAML.
    write("manifest.yaml", tree.toString().getBytes(StandardCharsets.UTF_8));
    return directory.resolve("manifest.yaml");
  }

  private String[] arguments(String command, String... more) {
    var all = new ArrayList<>(List.of(command));
    all.addAll(List.of(more));
    // Behind the name of a subcommand.
    int at = command.equals("vstar") ? 2 : 1;
    all.addAll(at, List.of(manifest().toString(), "--log-format", "json"));
    return all.toArray(String[]::new);
  }

  /** Runs a command in this process. */
  Outcome apo(String command, String... more) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    var capturedOut = new ByteArrayOutputStream();
    var capturedErr = new ByteArrayOutputStream();
    System.setOut(new PrintStream(capturedOut, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(capturedErr, true, StandardCharsets.UTF_8));
    try {
      int code = Apo.execute(arguments(command, more));
      return new Outcome(
          code,
          capturedOut.toString(StandardCharsets.UTF_8),
          capturedErr.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  /** Runs a command as a process of its own. */
  Outcome process(String command, String... more) {
    return await(start(Apo.class.getName(), List.of(arguments(command, more))));
  }

  /** Runs a command that works on no manifest as a process of its own. */
  Outcome program(String... arguments) {
    return await(start(Apo.class.getName(), List.of(arguments)));
  }

  /**
   * Runs a command, with a signal at the moment when the count-th line that matches the pattern is
   * out.
   */
  Outcome stopped(String signal, int count, String pattern, String command, String... more) {
    var all = new ArrayList<>(List.of(signal, Integer.toString(count), pattern));
    all.addAll(List.of(arguments(command, more)));
    return await(start(SelfStopping.class.getName(), all));
  }

  /**
   * Runs a command as the launcher script does, in an environment that is good to memory; what it
   * held after some training steps, a line of JSON for each.
   */
  List<String> measured(List<Integer> steps, String command) {
    Path notes = directory.resolve("notes.jsonl");
    environment("MALLOC_ARENA_MAX", "2");
    environment("MALLOC_MMAP_THRESHOLD_", "33554432");
    environment("MALLOC_TRIM_THRESHOLD_", "67108864");
    environment("MALLOC_TOP_PAD_", "67108864");
    String some = steps.stream().map(String::valueOf).collect(Collectors.joining(","));
    var all = new ArrayList<>(List.of(notes.toString(), some));
    all.addAll(List.of(arguments(command)));
    await(start(SelfMeasuring.class.getName(), all)).succeeds();
    return lines(notes);
  }

  /** Killed when a training step is done, before anything that follows it. */
  Outcome killedAfterStep(int step, String... more) {
    return stopped("KILL", 1, trained(step), "run", more).endsWith(KILLED);
  }

  /** The line that tells that a training step is done. */
  static String trained(int step) {
    return "\"progress\",\"stage\":\"train\",\"unit\":\"steps\",\"done\":" + step + ",";
  }

  /** Starts a run as a process of its own. */
  Process startRun(String... more) {
    return start(Apo.class.getName(), List.of(arguments("run", more)));
  }

  /** Starts a command whose standard error the caller reads. */
  Process piped(String command) {
    return start(
        builder(Apo.class.getName(), List.of(arguments(command)))
            .redirectOutput(ProcessBuilder.Redirect.DISCARD));
  }

  private Process start(String mainClass, List<String> arguments) {
    return start(
        builder(mainClass, arguments)
            .redirectOutput(directory.resolve("out").toFile())
            .redirectError(directory.resolve("err").toFile()));
  }

  private static Process start(ProcessBuilder builder) {
    try {
      return builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ProcessBuilder builder(String mainClass, List<String> arguments) {
    var line = new ArrayList<String>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"));
    line.addAll(List.of("-Dai.djl.offline=true", "-DOPT_OUT_TRACKING=true"));
    line.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
    line.addAll(arguments);
    var builder = new ProcessBuilder(line);
    builder.environment().putAll(environment);
    return builder;
  }

  Outcome await(Process process) {
    try {
      int code = process.waitFor();
      return new Outcome(
          code,
          Files.readString(directory.resolve("out")),
          Files.readString(directory.resolve("err")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      throw new IllegalStateException(e);
    }
  }

  // ---- what lies in the directory ---------------------------------------------------------------

  Path directory() {
    return directory;
  }

  /** A place in the run's storage. */
  Path run(String key) {
    return directory.resolve(RUN).resolve(key);
  }

  /** Deletes what commands keep beside the manifest, and may lose. */
  void deleteScratch() {
    try (Stream<Path> all = Files.walk(directory.resolve(".apo"))) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (NoSuchFileException e) {
      // There was none.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Artifacts in storage that lack their manifest, and files that were not written to the end. */
  Set<Path> halfDone() {
    var half = new TreeSet<Path>();
    var visitor =
        new SimpleFileVisitor<Path>() {
          @Override
          public FileVisitResult preVisitDirectory(Path found, BasicFileAttributes attributes) {
            String name = found.getFileName().toString();
            boolean isArtifact = name.equals("model") || name.startsWith("step-");
            if (isArtifact && Files.notExists(found.resolve("manifest.json"))) {
              half.add(found);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path found, BasicFileAttributes attributes) {
            if (isUnfinished(found)) {
              half.add(found);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path found, IOException e) {
            // Another process is at work.
            return FileVisitResult.CONTINUE;
          }
        };
    try {
      Files.walkFileTree(
          directory.resolve("storage"), Set.of(FileVisitOption.FOLLOW_LINKS), 99, visitor);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return half;
  }

  private static boolean isUnfinished(Path file) {
    return file.getFileName().toString().startsWith(".apo-tmp-");
  }

  /** Steps of the checkpoints that are whole. */
  List<Integer> checkpoints() {
    return digests(run("checkpoints")).keySet().stream()
        .filter(name -> name.endsWith("/manifest.json"))
        .map(name -> Integer.parseInt(name.substring(5, 13)))
        .toList();
  }

  /** Digest of every file of the V* table, by name. */
  SortedMap<String, String> table() {
    return digests(directory.resolve("storage/vstar"));
  }

  /** Blocks of the V* table that are finished. */
  List<Path> blocks() {
    Path tables = directory.resolve("storage/vstar");
    return files(tables).stream().filter(f -> f.toString().endsWith(".parquet")).toList();
  }

  /**
   * What two runs must have in common, bit for bit: the model, the optimizer's moments, the metrics
   * but for times, the evaluations, the responses.
   */
  Map<String, Object> results() {
    var results = new TreeMap<String, Object>(digests(run("model")));
    results.putAll(digests(run("checkpoints/step-00000006")));
    results.keySet().removeAll(List.of("state.json", "manifest.json"));
    for (String file : List.of("samples.jsonl", "rollouts.jsonl")) {
      results.put(file, digest(run(file)));
    }
    if (Files.exists(run("values.json"))) {
      results.put("values.json", digest(run("values.json")));
    }
    results.put("metrics", metrics());
    ObjectNode state = (ObjectNode) parse(read(run("result.json"))).get("state");
    state.remove(List.of("trainSeconds", "evaluateSeconds"));
    results.put("state", state);
    return results;
  }

  List<JsonNode> metrics() {
    return lines(run("metrics.jsonl")).stream()
        .map(
            line -> {
              ObjectNode metrics = (ObjectNode) parse(line);
              var names = new ArrayList<String>();
              metrics.fieldNames().forEachRemaining(names::add);
              metrics.remove(names.stream().filter(n -> n.startsWith("timing_s/")).toList());
              return (JsonNode) metrics;
            })
        .toList();
  }

  static String json(Object value) {
    return JSON.valueToTree(value).toString();
  }

  static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(json, e);
    }
  }

  static String read(Path file) {
    return String.join("\n", lines(file));
  }

  static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void write(String name, byte[] content) {
    try {
      Files.createDirectories(directory.resolve(name).getParent());
      Files.write(directory.resolve(name), content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static SortedMap<String, String> digests(Path root) {
    var digests = new TreeMap<String, String>();
    for (Path file : files(root)) {
      digests.put(root.relativize(file).toString(), digest(file));
    }
    return digests;
  }

  private static String digest(Path file) {
    try {
      return Sha256.of(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> files(Path root) {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(Files::isRegularFile).filter(file -> !isUnfinished(file)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
