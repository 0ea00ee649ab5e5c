package dev.apo.worker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.ExitCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are given a V* table, here the one that another run sampled and exported. */
@Tag("slow")
class GivenTableRunTest {
  @TempDir static Path reference;
  private static Workplace sampled;
  private static Path exported;

  @TempDir Path directory;

  @BeforeAll
  static void sampleAndExport() {
    sampled = new Workplace(reference);
    sampled.apo("run").succeeds();
    exported = reference.resolve("exported/table.parquet");
    assertThat(sampled.apo("vstar", "export", "--out", exported.toString()).succeeds().out())
        .isEqualTo("40 prompts with 2 responses each: " + exported + "\n");
  }

  private Workplace workplace() throws Exception {
    Files.copy(exported, directory.resolve("table.parquet"));
    return new Workplace(directory).set("estimate.table", Map.of("uri", "./*.parquet"));
  }

  @Test
  void theSameResponsesTrainTheSameModel() throws Exception {
    Workplace given = workplace();

    JsonNode result = given.apo("run", "-o", "json").succeeds().json();

    assertThat(result.at("/vstar/reused").asBoolean()).isTrue();
    assertThat(result.at("/vstar/responsesGenerated").asInt()).isZero();
    assertThat(result.at("/vstar/key").asText()).isNotEqualTo(key(sampled));
    assertThat(trained(given)).isEqualTo(trained(sampled)).isNotEmpty();
  }

  /** All but what the table cost: one that is given does not say how long its responses were. */
  private static Map<String, Object> trained(Workplace workplace) {
    var results = new TreeMap<>(workplace.results());
    results.remove("values.json");
    return results;
  }

  private static String key(Workplace workplace) {
    return Workplace.parse(Workplace.read(workplace.run("prepared.json"))).get("vstarKey").asText();
  }

  @Test
  void prepareTakesTheTableAndSaysThatItIsThere() throws Exception {
    Path log = directory.resolve("termination.log");
    Workplace given = workplace().environment("APO_TERMINATION_LOG", log.toString());

    assertThat(given.process("prepare").succeeds().err())
        .contains(
            "Took the V* table from ./*.parquet: 40 prompts, 2 responses each; 0 of its rows");

    JsonNode message = Workplace.parse(Workplace.read(log));
    assertThat(message.at("/result/vstarReused").asBoolean()).isTrue();
    assertThat(message.at("/result/vstarKey").asText()).isEqualTo(key(given));
    assertThat(given.table()).containsKey(key(given) + "/manifest.json");
    assertThat(given.apo("prepare").succeeds().err()).doesNotContain("Took the V* table");
  }

  @Test
  void whatWasSampledElsewhereDecidesTheKeyAndHowItWouldBeSampledHereDoesNot() throws Exception {
    Workplace given = workplace();
    given.apo("prepare").succeeds();
    String key = key(given);

    given.set("storage.uri", "./another").set("sampling.temperature", 0.5).apo("prepare");
    Path prepared = directory.resolve("another/runs/default/sums/local/prepared.json");
    assertThat(Workplace.parse(Workplace.read(prepared)).get("vstarKey").asText()).isEqualTo(key);

    given.set("storage.uri", "./storage").set("sampling.temperature", 1.0);
    Files.copy(directory.resolve("table.parquet"), directory.resolve("twice.parquet"));
    assertThat(given.apo("train").endsWith(ExitCode.BAD_MANIFEST.value()).error())
        .contains("other content behind the same addresses (changed: V* table)");
  }

  @Test
  void aTableOfOtherPromptsIsRefusedBeforeAnythingIsSampled() throws Exception {
    Workplace given = workplace().set("data.template", "{prompt}?");

    assertThat(given.apo("run").endsWith(ExitCode.BAD_DATA.value()).error())
        .startsWith(
            "The V* table ./*.parquet has no row for 40 of 40 prompts, the first is that of")
        .endsWith("check spec.data.template and spec.estimate.table.");
    assertThat(given.blocks()).isEmpty();
  }

  @Test
  void aTableThatIsNotThereIsNamed() throws Exception {
    Workplace given = workplace().set("estimate.table", Map.of("uri", "./none.parquet"));

    assertThat(given.apo("prepare").endsWith(ExitCode.NOT_FOUND.value()).error())
        .contains("none.parquet does not exist; check spec.estimate.table.");
  }

  @Test
  void thePublishedDataSetsAreDataAndTableAtOnce() throws Exception {
    Workplace given =
        workplace()
            .set("data.train", Map.of("uris", List.of("./table.parquet")))
            .set("data.eval", Map.of("uri", "./table.parquet", "limit", 12))
            .set("data.answerField", "reward_model.ground_truth")
            .set("estimate.table.answerField", "reward_model.ground_truth");

    given.apo("prepare").succeeds();

    assertThat(key(given)).isNotEmpty();
  }

  @Test
  void aTableThatIsNotCompleteIsNotExported() {
    var workplace = new Workplace(directory);
    String out = directory.resolve("table.parquet").toString();

    assertThat(
            workplace
                .apo("vstar", "export", "--out", out)
                .endsWith(ExitCode.BAD_ARTIFACT.value())
                .error())
        .contains("is not complete");
    workplace.write("file", "x".getBytes(UTF_8));
    assertThat(
            sampled
                .apo("vstar", "export", "--out", directory.resolve("file/t").toString())
                .endsWith(ExitCode.NOT_FOUND.value())
                .error())
        .contains("file is a file, not a directory");
  }
}
