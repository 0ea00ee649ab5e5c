package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.ExitCode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Filters from the V* table, here a given one: 10 prompts never solved, 18 sometimes, 12 always.
 */
@Tag("slow")
class FilterTest {
  @TempDir Path directory;

  private Workplace workplace() {
    var workplace =
        new Workplace(directory)
            .set("train.steps", null)
            .set("train.epochs", 3)
            .set("train.evaluateEvery", 0)
            .set("estimate.table", Map.of("uri", "./table.jsonl"));
    List<String> data = Workplace.lines(directory.resolve("train.jsonl"));
    var table = new StringBuilder();
    for (int i = 0; i < data.size(); i++) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("prompt", Workplace.parse(data.get(i)).get("prompt"));
      row.put("eval_0", i < 28 ? 0 : 1);
      row.put("eval_1", i < 10 ? 0 : 1);
      table.append(Workplace.json(row)).append('\n');
    }
    workplace.write(
        "table.jsonl", table.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8));
    return workplace;
  }

  @Test
  void whatFiltersSaveIsTold() {
    Workplace workplace =
        workplace()
            .set("algorithm.filterAllIncorrect", true)
            .set("algorithm.filterAllCorrect", true);

    Workplace.Outcome outcome = workplace.apo("run", "-o", "json").succeeds();

    assertThat(outcome.err())
        .contains(
            "Left out 10 prompts never solved and 12 always solved by the reference policy, of 40.");
    // 3 epochs of 2 batches of 8, not of 5.
    JsonNode filtered = outcome.json().get("filtered");
    assertThat(filtered.get("neverSolved").asInt()).isEqualTo(10);
    assertThat(filtered.get("alwaysSolved").asInt()).isEqualTo(12);
    assertThat(filtered.get("savedResponses").asInt()).isEqualTo(3 * (5 - 2) * 8);
    assertThat(outcome.progress("train")).endsWith(3 * 2);
    assertThat(workplace.apo("run").succeeds().out())
        .contains(
            "left out  10 prompts never solved and 12 always solved; 72 responses not sampled\n");

    Path log = directory.resolve("termination.log");
    workplace.environment("APO_TERMINATION_LOG", log.toString()).process("train").succeeds();
    JsonNode result = Workplace.parse(Workplace.read(log)).get("result");
    assertThat(result.get("filteredPrompts").asInt()).isEqualTo(22);
    assertThat(result.get("savedResponses").asInt()).isEqualTo(72);
  }

  @Test
  void fixedStepsSaveNoResponsesButSpendThemOnOtherPrompts() {
    Workplace workplace = workplace().set("train.steps", 4).set("algorithm.filterAllCorrect", true);

    JsonNode result = workplace.apo("run", "-o", "json").succeeds().json();

    assertThat(result.at("/filtered/neverSolved").asInt()).isZero();
    assertThat(result.at("/filtered/alwaysSolved").asInt()).isEqualTo(12);
    assertThat(result.at("/filtered/savedResponses").asInt()).isZero();
  }

  @Test
  void withoutFiltersNothingIsLeftOut() {
    Workplace.Outcome outcome = workplace().set("train.epochs", 1).apo("run").succeeds();

    assertThat(outcome.err() + outcome.out()).doesNotContain("Left out", "left out");
    assertThat(outcome.progress("train")).endsWith(5);
  }

  @Test
  void easyPromptsComeFirstAndHardOnesLast() {
    Workplace workplace =
        workplace().set("train.epochs", 1).set("algorithm.curriculum", "EasyToHard");

    workplace.apo("run").succeeds();

    // V* of the batches, by step.
    List<Double> values =
        workplace.metrics().stream()
            .filter(step -> step.has("critic/v_star/mean"))
            .map(step -> step.get("critic/v_star/mean").asDouble())
            .toList();
    assertThat(values).hasSize(5).isSortedAccordingTo((a, b) -> Double.compare(b, a));
    assertThat(values.get(0)).isEqualTo(1);
    assertThat(values.get(4)).isZero();
  }

  @Test
  void filtersThatLeaveTooLittleAreNamed() {
    assertThat(
            workplace()
                .set("train.batchSize", 20)
                .set("train.miniBatchSize", 20)
                .set("algorithm.filterAllIncorrect", true)
                .set("algorithm.filterAllCorrect", true)
                .apo("run")
                .endsWith(ExitCode.BAD_MANIFEST.value())
                .error())
        .isEqualTo(
            "spec.train.batchSize is 20, and only 18 prompts are left by the filters of"
                + " spec.algorithm; lower it, or switch a filter off.");
  }
}
