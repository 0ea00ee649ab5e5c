package dev.apo.worker.cli;

import static dev.apo.worker.cli.Workplace.KILLED;
import static dev.apo.worker.cli.Workplace.STOPPED;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.StopSignal;
import dev.apo.worker.engine.Devices;
import dev.apo.worker.manifest.ManifestReader;
import dev.apo.worker.run.Launch;
import dev.apo.worker.run.Session;
import dev.apo.worker.run.Stages;
import dev.apo.worker.telemetry.ProgressTracker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The V* table of the estimate stage: the same bytes whoever samples it, and sampled once. */
@Tag("slow")
class EstimateTest {
  private static final int BLOCKS = 10;

  @TempDir static Path reference;
  private static SortedMap<String, String> undisturbed;

  @TempDir Path directory;

  @BeforeAll
  static void sampleAtOnce() {
    var workplace = new Workplace(reference);
    workplace.apo("estimate").succeeds();
    undisturbed = workplace.table();
    assertThat(workplace.blocks()).hasSize(BLOCKS);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7})
  void theTableIsTheSameBytesForAnyNumberOfShards(int shards) {
    var workplace = new Workplace(directory);
    for (int shard = shards - 1; shard >= 0; shard--) {
      assertThat(workplace.table().keySet()).noneMatch(name -> name.endsWith("/manifest.json"));
      estimate(workplace, shard, shards);
    }

    assertThat(workplace.table()).isEqualTo(undisturbed);
  }

  private static void estimate(Workplace workplace, int shard, int shards) {
    var launch =
        new Launch("local", 1, shard, workplace.directory().resolve("work"), Devices.PRESENT);
    var reporter = new ProgressTracker(Clock.systemUTC(), List.of());
    try (var stop = StopSignal.install();
        var session =
            Session.open(ManifestReader.read(workplace.manifest()), launch, reporter, stop)) {
      new Stages(session).estimate(shard, shards);
    }
  }

  @Test
  void aJobsIndexSaysWhichShardToSample() {
    var workplace = new Workplace(directory).set("estimate.shards", 2);

    workplace.environment("JOB_COMPLETION_INDEX", "1").process("estimate").succeeds();
    assertThat(workplace.blocks()).hasSize(BLOCKS / 2);
    workplace.environment("JOB_COMPLETION_INDEX", "0").process("estimate").succeeds();

    assertThat(workplace.table()).isEqualTo(undisturbed);
  }

  /** Lines of progress: within the first block and some later ones, and between blocks. */
  @ParameterizedTest
  @ValueSource(ints = {1, 8, 29})
  void whereverItIsKilledNoFinishedBlockIsSampledAgain(int lines) {
    var workplace = new Workplace(directory);
    workplace
        .stopped("KILL", lines, "\"progress\",\"stage\":\"estimate\"", "estimate")
        .endsWith(KILLED);
    Map<Path, Object> finished = stamps(workplace);

    Workplace.Outcome resumed = workplace.apo("estimate").succeeds();

    assertThat(stamps(workplace)).containsAllEntriesOf(finished);
    assertThat(resumed.progress("estimate").get(0)).isEqualTo(finished.size() * 4 * 2);
    assertThat(workplace.table()).isEqualTo(undisturbed);
  }

  @Test
  void aKillBeforeTheTableIsDeclaredCompleteSamplesNothingAgain() {
    var workplace = new Workplace(directory);
    workplace
        .stopped("KILL", 1, "\"finished\",\"stage\":\"estimate\"", "estimate")
        .endsWith(KILLED);
    assertThat(workplace.table()).hasSize(BLOCKS + 1);

    Workplace.Outcome resumed = workplace.apo("estimate").succeeds();

    assertThat(resumed.progress("estimate")).containsOnly(40 * 2);
    assertThat(workplace.table()).isEqualTo(undisturbed);
  }

  @Test
  void sigtermKeepsFinishedBlocks() {
    var workplace = new Workplace(directory);
    Workplace.Outcome stopped =
        workplace
            .stopped("TERM", 29, "\"progress\",\"stage\":\"estimate\"", "estimate")
            .endsWith(STOPPED);
    Map<Path, Object> finished = stamps(workplace);

    assertThat(stopped.error()).endsWith("run the same command again to go on.");
    assertThat(finished).isNotEmpty();
    assertThat(finished.size()).isLessThan(BLOCKS);

    workplace.apo("estimate").succeeds();
    assertThat(stamps(workplace)).containsAllEntriesOf(finished);
    assertThat(workplace.table()).isEqualTo(undisturbed);
  }

  @Test
  void otherTrainingSettingsSampleNothing() {
    var workplace = new Workplace(directory).set("train.steps", 1).set("train.batchSize", 4);
    workplace.set("train.miniBatchSize", 4);
    JsonNode first = workplace.apo("run", "-o", "json").succeeds().json().get("vstar");
    assertThat(first.get("reused").asBoolean()).isFalse();
    assertThat(first.get("responsesGenerated").asInt()).isEqualTo(80);
    Map<Path, Object> blocks = stamps(workplace);

    for (var change :
        Map.<String, Object>of(
                "algorithm.beta1",
                0.1,
                "algorithm.beta2",
                0.1,
                "algorithm.filterAllIncorrect",
                true,
                "algorithm.filterAllCorrect",
                true,
                "algorithm.curriculum",
                "Uncertain",
                "train.learningRate",
                1e-2)
            .entrySet()) {
      workplace.set(change.getKey(), change.getValue());
      Workplace.Outcome second = workplace.apo("run", "--fresh", "-o", "json").succeeds();

      assertThat(second.err()).contains("is there already: no response is sampled");
      JsonNode vstar = second.json().get("vstar");
      assertThat(vstar.get("key")).isEqualTo(first.get("key"));
      assertThat(vstar.get("reused").asBoolean()).isTrue();
      assertThat(vstar.get("responsesGenerated").asInt()).isZero();
      assertThat(stamps(workplace)).isEqualTo(blocks);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"sampling.temperature", "data.template", "sampling.maxNewTokens"})
  void whatDecidesTheResponsesChangesTheKey(String field) {
    Object other =
        switch (field) {
          case "sampling.temperature" -> 0.5;
          case "sampling.maxNewTokens" -> 4;
          default -> "{prompt}+";
        };

    assertThat(key(new Workplace(directory).set(field, other))).isNotEqualTo(undisturbedKey());
  }

  @Test
  void anotherTokenThatEndsResponsesChangesTheKey() {
    var workplace = new Workplace(directory);
    Path model = directory.resolve("model");
    workplace.copyModel(model);
    workplace.set("model.uri", "./model");
    assertThat(key(workplace)).isEqualTo(undisturbedKey());

    Path generation = model.resolve("generation_config.json");
    String config = Workplace.read(generation);
    workplace.write(
        "model/generation_config.json",
        config
            .replaceFirst("\"eos_token_id\"\\s*:\\s*(\\[[^\\]]*]|\\d+)", "\"eos_token_id\": [5]")
            .getBytes(UTF_8));
    assertThat(Workplace.read(generation)).isNotEqualTo(config);
    workplace.set("storage.uri", "./another");
    workplace.apo("prepare").succeeds();
    assertThat(
            Workplace.parse(
                    Workplace.read(
                        directory.resolve("another/runs/default/sums/local/prepared.json")))
                .get("vstarKey")
                .asText())
        .isNotEqualTo(undisturbedKey());
  }

  @Test
  void theChatTemplatesTextChangesTheKey() {
    var workplace = new Workplace(directory);
    workplace.copyModel(directory.resolve("model"));
    workplace.set("model.uri", "./model").set("data.chatTemplate", true);
    String asItIs = "{{ messages[0].content }}";
    workplace.write("model/chat_template.jinja", asItIs.getBytes(UTF_8));
    assertThat(key(workplace)).isEqualTo(undisturbedKey());

    workplace.delete("storage/runs/default/sums/local/inputs.json");
    workplace.write("model/chat_template.jinja", (asItIs + "+").getBytes(UTF_8));
    assertThat(key(workplace)).isNotEqualTo(undisturbedKey());
  }

  private static String undisturbedKey() {
    return undisturbed.firstKey().split("/")[0];
  }

  @Test
  void anotherAnswerChangesTheKeyAndTheEvaluationDataDoesNot() {
    var workplace = new Workplace(directory);
    workplace.write("eval.jsonl", "{\"prompt\": \"1+1=\", \"answer\": \"2\"}\n".getBytes(UTF_8));
    assertThat(key(workplace)).isEqualTo(undisturbedKey());

    String data = Workplace.read(directory.resolve("train.jsonl"));
    workplace.write("train.jsonl", data.replaceFirst("\"74\"", "\"75\"").getBytes(UTF_8));
    workplace.delete("storage/runs/default/sums/local/inputs.json");
    assertThat(key(workplace)).isNotEqualTo(undisturbedKey());
  }

  private static String key(Workplace workplace) {
    workplace.apo("prepare").succeeds();
    return Workplace.parse(Workplace.read(workplace.run("prepared.json"))).get("vstarKey").asText();
  }

  /** Which file each finished block is, and when it was written. */
  static Map<Path, Object> stamps(Workplace workplace) {
    var stamps = new TreeMap<Path, Object>();
    for (Path block : workplace.blocks()) {
      try {
        stamps.put(block, Files.readAttributes(block, "unix:ino,lastModifiedTime"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return stamps;
  }
}
