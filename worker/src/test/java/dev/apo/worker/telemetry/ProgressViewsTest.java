package dev.apo.worker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProgressViewsTest {
  private static final String CLEAR = "\r\u001b[K";

  private final FakeClock clock = new FakeClock();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  @Test
  void barShowsTheWholeStateOnOneLine() {
    assertThat(ProgressBar.render(halfway(), 120))
        .isEqualTo(
            "train [###############---------------]  50%  312/624 steps  ETA 2m 28s  reward 0.710"
                + "  kl 0.069  2.1 steps/s");
  }

  @Test
  void barDropsWhatMattersLeastWhenTheTerminalIsNarrow() {
    assertThat(ProgressBar.render(halfway(), 60))
        .isEqualTo("train [#########----------]  50%  312/624 steps  ETA 2m 28s");
    assertThat(ProgressBar.render(halfway(), 25)).isEqualTo("train [#####------]  50%");
    assertThat(ProgressBar.render(halfway(), 12)).isEqualTo("train  50%");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 10, 20, 40, 79, 80, 200})
  void barNeverFillsTheLine(int width) {
    assertThat(ProgressBar.render(halfway(), width).length()).isLessThan(Math.max(1, width));
  }

  @Test
  void barIsRedrawnTenTimesASecondAtMost() {
    ProgressTracker tracker = tracker(new ProgressBar(out, () -> 80));
    tracker.stageStarted("train", 1000, "steps");
    for (int step = 1; step <= 1000; step++) {
      clock.pass(Duration.ofMillis(1));
      tracker.advanced(step, Map.of());
    }
    assertThat(text().split(CLEAR.replace("[", "\\["), -1)).hasSize(1 + 1 + 10);
  }

  @Test
  void barLeavesItsLineToWhatComesAfterAnInterruptedStage() {
    var bar = new ProgressBar(out, () -> 80);
    tracker(bar).stageStarted("train", 2, "steps");
    bar.end();
    bar.end();
    assertThat(text()).endsWith(System.lineSeparator()).doesNotEndWith("\n\n");
  }

  @Test
  void barKeepsItsLastStateAndLeavesTheLine() {
    ProgressTracker tracker = tracker(new ProgressBar(out, () -> 80));
    tracker.stageStarted("train", 2, "steps");
    tracker.advanced(2, Map.of());
    clock.pass(Duration.ofSeconds(61));
    tracker.stageFinished(Map.of("accuracy", 0.5));
    tracker.message("next");
    assertThat(text()).endsWith("] 100%  2/2 steps  in 1m 01s  accuracy 0.500\nnext\n");
  }

  @Test
  void messagesStandAboveTheBar() {
    ProgressTracker tracker = tracker(new ProgressBar(out, () -> 30));
    tracker.stageStarted("train", 2, "steps");
    String bar = text();
    tracker.message("saved");
    assertThat(text()).isEqualTo(bar + CLEAR + "saved\n" + bar);
  }

  @Test
  void barFollowsTheWidthOfTheTerminal() {
    AtomicInteger width = new AtomicInteger(80);
    ProgressTracker tracker = tracker(new ProgressBar(out, width::get));
    tracker.stageStarted("train", 2, "steps");
    width.set(12);
    clock.pass(Duration.ofSeconds(1));
    tracker.advanced(1, Map.of());
    assertThat(text()).endsWith(CLEAR + "train  50%");
  }

  @Test
  void theViewFitsWhereStandardErrorGoes() {
    assertThat(ProgressView.of(true, Optional.empty(), out)).isInstanceOf(JsonLines.class);
    assertThat(ProgressView.of(false, Optional.empty(), out)).isInstanceOf(PlainLines.class);
    assertThat(ProgressView.of(false, Optional.of(() -> 80), out)).isInstanceOf(ProgressBar.class);
  }

  @Test
  void anEvaluationHasTheLineWhileItLasts() {
    ProgressTracker tracker = tracker(new ProgressBar(out, () -> 80));
    evaluateWithin(tracker, 3);
    assertThat(text())
        .contains(CLEAR + "evaluate [---------------")
        .contains("]  10%  100/1000 responses  ETA 18s  50.0 responses/s" + CLEAR)
        .contains(CLEAR + "train [###############---------------]  50%  2/4 steps");
  }

  @Test
  void plainLinesTellOfAnEvaluationThatLastsLong() {
    evaluateWithin(tracker(new PlainLines(out)), 4);
    assertThat(text())
        .isEqualTo(
            """
            train: 4 steps
            evaluate: 200/1000 responses (20%), 50.0 responses/s, 16s left
            """);
  }

  @Test
  void jsonLinesTellOfAnEvaluationWithinItsStage() throws IOException {
    evaluateWithin(tracker(new JsonLines(out)), 4);
    List<JsonNode> lines = new ArrayList<>();
    for (String line : text().split("\n")) {
      lines.add(new ObjectMapper().readTree(line));
    }
    assertThat(lines)
        .extracting(line -> line.get("event").asText())
        .containsExactly("started", "progress", "part", "part", "progress");
    assertThat(lines.get(3).get("stage").asText()).isEqualTo("train");
    assertThat(lines.get(3).get("done").asInt()).isEqualTo(1);
    assertThat(lines.get(3).at("/part/stage").asText()).isEqualTo("evaluate");
    assertThat(lines.get(3).at("/part/done").asInt()).isEqualTo(300);
    assertThat(lines.get(3).at("/part/etaSeconds").asInt()).isEqualTo(14);
    assertThat(lines.get(4).has("part")).isFalse();
  }

  /** A step, an evaluation that is told of every two seconds, another step. */
  private void evaluateWithin(ProgressTracker tracker, int times) {
    tracker.stageStarted("train", 4, "steps");
    clock.pass(Duration.ofSeconds(1));
    tracker.advanced(1, Map.of());
    tracker.partStarted("evaluate", 1000, "responses");
    for (int i = 1; i < times; i++) {
      clock.pass(Duration.ofSeconds(2));
      tracker.partAdvanced(100L * i);
    }
    tracker.partFinished();
    clock.pass(Duration.ofMillis(200));
    tracker.advanced(2, Map.of());
  }

  @Test
  void plainLinesComeEveryFiveSecondsAtMost() {
    ProgressTracker tracker = tracker(new PlainLines(out));
    tracker.stageStarted("estimate", 100, "prompts", 10);
    for (int i = 1; i <= 11; i++) {
      clock.pass(Duration.ofSeconds(1));
      tracker.advanced(10 + 2L * i, Map.of("reward", 0.25));
    }
    tracker.message("a message");
    tracker.stageFinished(Map.of("v_star", 1e-5));
    assertThat(text())
        .isEqualTo(
            """
            estimate: 100 prompts, 10 done before
            estimate: 20/100 prompts (20%), 2.0 prompts/s, 40s left, reward 0.250
            estimate: 30/100 prompts (30%), 2.0 prompts/s, 35s left, reward 0.250
            a message
            estimate: finished in 11s, v_star 1.00e-05
            """);
  }

  @Test
  void jsonLinesCarryEveryEvent() throws IOException {
    ProgressTracker tracker = tracker(new JsonLines(out));
    tracker.stageStarted("train", 4, "steps");
    clock.pass(Duration.ofSeconds(2));
    tracker.advanced(1, Map.of("reward", Double.NaN));
    tracker.message("say \"this\"");
    tracker.stageFinished(Map.of("accuracy", 0.5));

    String[] lines = text().split("\n");
    assertThat(lines).hasSize(4);
    JsonNode progress = new ObjectMapper().readTree(lines[1]);
    assertThat(progress.get("time").asText()).isEqualTo("2026-01-01T00:00:02Z");
    assertThat(progress.get("level").asText()).isEqualTo("INFO");
    assertThat(progress.get("event").asText()).isEqualTo("progress");
    assertThat(progress.get("stage").asText()).isEqualTo("train");
    assertThat(progress.get("done").asLong()).isEqualTo(1);
    assertThat(progress.get("total").asLong()).isEqualTo(4);
    assertThat(progress.get("etaSeconds").asLong()).isEqualTo(6);
    assertThat(progress.get("figures").get("reward").isNull()).isTrue();
    assertThat(new ObjectMapper().readTree(lines[2]).get("message").asText())
        .isEqualTo("say \"this\"");
    assertThat(lines[0]).contains("\"event\":\"started\"").contains("\"etaSeconds\":null");
    assertThat(lines[3]).contains("\"event\":\"finished\"");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0s",
    "59, 59s",
    "60, 1m 00s",
    "3599, 59m 59s",
    "3600, 1h 00m",
    "93784, 1d 02h",
    "-5, 0s"
  })
  void durationsAreShort(long seconds, String text) {
    assertThat(Words.of(Duration.ofSeconds(seconds))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "0.7123, 0.712",
    "12.34, 12.3",
    "1234.5, 1235",
    "256, 256",
    "0, 0",
    "0.000001, 1.00e-06",
    "-0.5, -0.500",
    "2.5e9, 2.50e+09",
    "NaN, NaN",
    "Infinity, Infinity"
  })
  void figuresAreShort(double figure, String text) {
    assertThat(Words.of(figure)).isEqualTo(text);
  }

  @Test
  void slowRatesAreGivenPerMinute() {
    assertThat(Words.rate(2.06, "steps")).isEqualTo("2.1 steps/s");
    assertThat(Words.rate(0.25, "steps")).isEqualTo("15.0 steps/min");
  }

  @ParameterizedTest
  @CsvSource({"'50 132\n', 132", "'0 0\n', 80", "'', 80", "'stty: oops', 80"})
  void terminalWidthIsTheSecondNumberOfStty(String size, int columns) {
    assertThat(Terminal.columns(size)).isEqualTo(columns);
  }

  private ProgressTracker tracker(ProgressView view) {
    return new ProgressTracker(clock, List.of(view));
  }

  private String text() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static Progress halfway() {
    Map<String, Double> figures = new LinkedHashMap<>();
    figures.put("reward", 0.71);
    figures.put("kl", 0.069);
    return new Progress(
        "train", "steps", 312, 624, 2.1081, Duration.ofMinutes(3), figures, FakeClock.START, null);
  }
}
