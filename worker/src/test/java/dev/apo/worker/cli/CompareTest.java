package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.apo.worker.ExitCode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two algorithms on the same task, each with two seeds. */
@Tag("slow")
class CompareTest {
  @TempDir static Path directory;
  private static Workplace workplace;
  private static Workplace.Outcome outcome;
  private static JsonNode comparison;

  @BeforeAll
  static void compareOnce() {
    workplace = new Workplace(directory).set("train.steps", 2).set("train.evaluateEvery", 1);
    outcome = compare("out", other("grpo", "5")).succeeds();
    comparison = Workplace.parse(Workplace.read(directory.resolve("out/compare.json")));
  }

  /** The manifest of the workplace, with another algorithm. */
  private static String other(String name, String maxNewTokens) {
    ObjectNode manifest = (ObjectNode) Workplace.parse(Workplace.read(workplace.manifest()));
    manifest.withObjectProperty("metadata").put("name", name);
    ObjectNode spec = manifest.withObjectProperty("spec");
    spec.set(
        "algorithm",
        Workplace.parse("{\"type\": \"GRPO\", \"grpo\": {\"responsesPerPrompt\": 2}}"));
    spec.withObjectProperty("sampling").put("maxNewTokens", Integer.valueOf(maxNewTokens));
    String file = name + ".yaml";
    workplace.write(file, manifest.toString().getBytes(StandardCharsets.UTF_8));
    return directory.resolve(file).toString();
  }

  private static Workplace.Outcome compare(String out, String... more) {
    var all = new ArrayList<>(List.of(more));
    all.addAll(List.of("--seeds", "1,2", "--out", directory.resolve(out).toString()));
    return workplace.apo("compare", all.toArray(String[]::new));
  }

  private static String run(String name) {
    return directory.resolve("storage/runs/default").resolve(name).resolve("local").toString();
  }

  @Test
  void everyMethodHasItsFigures() {
    assertThat(comparison.at("/methods")).hasSize(2);
    for (JsonNode method : comparison.at("/methods")) {
      assertThat(method.at("/seeds").toString()).isEqualTo("[1,2]");
      assertThat(method.at("/accuracy/mean").asDouble()).isBetween(0.0, 1.0);
      assertThat(method.at("/accuracy/halfWidth").isNumber()).isTrue();
      assertThat(method.at("/seconds/mean").asDouble()).isPositive();
      assertThat(method.at("/peakMemoryMiB/mean").asDouble()).isPositive();
      assertThat(method.at("/divergence/mean").isNumber()).isTrue();
      assertThat(method.at("/divergence/mean").asDouble()).isNotZero();
      assertThat(method.at("/curve")).hasSize(3);
    }
    assertThat(comparison.at("/methods/0/name").asText()).isEqualTo("sums");
    assertThat(comparison.at("/methods/1/algorithm").asText()).isEqualTo("GRPO");
  }

  @Test
  void theTableOfOptimalValuesCountsForEverySeed() {
    JsonNode apo = comparison.at("/methods/0");
    double table = apo.at("/estimateTokens").asDouble();

    // 40 prompts with 2 responses of 1 to 5 tokens.
    assertThat(table).isBetween(80.0, 400.0);
    assertThat(apo.at("/runs/0/0/tokens").asDouble()).isEqualTo(table);
    assertThat(apo.at("/runs/1/0/tokens").asDouble()).isEqualTo(table);
    assertThat(apo.at("/runs/1/0/seconds").asDouble()).isPositive();
    assertThat(comparison.at("/methods/1/runs/0/0/tokens").asDouble()).isZero();
  }

  @Test
  void theTerminalAndThePageShowTheSame() {
    String page = Workplace.read(directory.resolve("out/compare.html"));

    assertThat(outcome.out()).contains("accuracy", "sums", "grpo", "final accuracy of");
    assertThat(page).contains("\"name\":\"sums\"").doesNotContain("{{", "http-equiv=\"refresh\"");
  }

  @Test
  void whatIsFinishedIsNotRunAgain() {
    Workplace.Outcome again = compare("out", other("grpo", "5")).succeeds();

    assertThat(again.err())
        .contains("sums-seed-1 is finished already", "grpo-seed-2 is finished already")
        .doesNotContain("Running");
    assertThat(again.out()).isEqualTo(outcome.out());
  }

  @Test
  void finishedRunsAreComparedByTheirAddresses() {
    Path out = directory.resolve("finished");

    compare("finished", "--runs", run("grpo-seed-1"), run("grpo-seed-2")).succeeds();

    JsonNode all = Workplace.parse(Workplace.read(out.resolve("compare.json")));
    // The workplace's own manifest comes first.
    assertThat(all.at("/methods/1")).isEqualTo(comparison.at("/methods/1"));
  }

  @Test
  void aRunThatIsNamedTwiceIsRefused() {
    Workplace.Outcome refused =
        compare("twice", "--runs", run("sums-seed-1")).endsWith(ExitCode.USAGE.value());

    assertThat(refused.error()).contains("sums-seed-1", "named twice");
  }

  @Test
  void anotherTaskIsRefusedBeforeAnythingRuns() {
    Workplace.Outcome refused =
        compare("refused", other("longer", "6")).endsWith(ExitCode.BAD_MANIFEST.value());

    assertThat(refused.error())
        .isEqualTo(
            "sums and longer cannot be compared: spec.sampling.maxNewTokens is 5 in the one and 6 in the other; runs must have the same model, data, reward, sampling and evaluation.");
    assertThat(Files.exists(Path.of(run("longer-seed-1")))).isFalse();
  }
}
