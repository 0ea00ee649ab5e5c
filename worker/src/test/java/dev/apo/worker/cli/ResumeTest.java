package dev.apo.worker.cli;

import static dev.apo.worker.cli.Workplace.KILLED;
import static dev.apo.worker.cli.Workplace.STOPPED;
import static dev.apo.worker.cli.Workplace.trained;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A run that was stopped comes to the very bits of one that was not. */
@Tag("slow")
class ResumeTest {
  /** Kinds of training that keep different things between steps. */
  enum Kind {
    FP32(w -> {}),
    BF16(w -> w.set("train.precision", "BF16")),
    LORA(w -> w.set("train.lora.rank", 4).set("train.precision", "BF16")),
    MINI_BATCHES(w -> w.set("train.miniBatchSize", 4)),
    ENTROPY(w -> w.set("algorithm.entropyCoefficient", 0.01)),
    GRPO(
        w ->
            w.set("algorithm", Map.of("type", "GRPO", "grpo", Map.of("responsesPerPrompt", 3)))
                .set("train.miniBatchSize", 4)),
    DAPO(
        w ->
            w.set(
                "algorithm",
                Map.of(
                    "type", "GRPO", "grpo", Map.of("variant", "DAPO", "responsesPerPrompt", 2)))),
    PPO(
        w ->
            w.set(
                "algorithm",
                Map.of(
                    "type",
                    "PPO",
                    "ppo",
                    Map.of("epochsPerBatch", 2, "criticLearningRate", 1e-3)))),
    REBEL(w -> w.set("algorithm", Map.of("type", "REBEL"))),
    EASY_TO_HARD(w -> w.set("algorithm.curriculum", "EasyToHard")),
    UNCERTAIN_AND_FILTERED(
        w ->
            w.set("algorithm.curriculum", "Uncertain")
                .set("algorithm.filterAllIncorrect", true)
                .set("algorithm.filterAllCorrect", true)),
    OFFICIAL(w -> w.set("preset", "Official")),
    COSINE_WITH_WARM_UP(w -> w.set("train.schedule", "Cosine").set("train.warmupSteps", 2));

    final Consumer<Workplace> change;

    Kind(Consumer<Workplace> change) {
      this.change = change;
    }
  }

  private static final Map<Kind, Map<String, Object>> UNDISTURBED = new TreeMap<>();

  @TempDir static Path references;
  @TempDir Path directory;

  /** What the run of a kind comes to when nothing stops it. */
  private static Map<String, Object> undisturbed(Kind kind) {
    return UNDISTURBED.computeIfAbsent(
        kind,
        k -> {
          Workplace whole = workplace(references.resolve(k.name()), k);
          whole.apo("run").succeeds();
          return whole.results();
        });
  }

  private static Workplace workplace(Path directory, Kind kind) {
    var workplace = new Workplace(directory);
    kind.change.accept(workplace);
    return workplace;
  }

  @ParameterizedTest
  @EnumSource
  void aKilledRunOfAnyKindGoesOnFromItsCheckpoint(Kind kind) {
    Workplace killed = workplace(directory, kind);

    killed.killedAfterStep(3);
    assertThat(killed.checkpoints()).containsExactly(2);
    Workplace.Outcome resumed = killed.apo("run").succeeds();

    assertThat(resumed.err()).contains("Going on from the checkpoint of step 2.");
    assertThat(resumed.progress("train")).contains(3).doesNotContain(1);
    assertThat(killed.results()).isEqualTo(undisturbed(kind));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 5, 6})
  void theStepAtWhichARunIsKilledMakesNoDifference(int step) {
    var killed = new Workplace(directory);

    killed.killedAfterStep(step);
    killed.apo("run").succeeds();

    assertThat(killed.results()).isEqualTo(undisturbed(Kind.FP32));
  }

  @Test
  void aRunThatIsKilledAgainAndAgainArrives() {
    var killed = new Workplace(directory).set("train.checkpointEvery", 1);
    killed.stopped("KILL", 20, "\"stage\":\"estimate\"", "run").endsWith(KILLED);
    int attempts = 1;
    while (killed.stopped("KILL", 3, "\"progress\",\"stage\":\"train\"", "run").exitCode() != 0) {
      assertThat(++attempts).isLessThan(6);
    }

    assertThat(attempts).isEqualTo(3);
    assertThat(killed.results()).isEqualTo(undisturbed(Kind.FP32));
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "BF16"})
  void sigtermSavesTheLastStepThatWasDone(Kind kind) {
    Path log = directory.resolve("termination.log");
    Workplace stopped =
        workplace(directory, kind).environment("APO_TERMINATION_LOG", log.toString());

    Workplace.Outcome first = stopped.stopped("TERM", 1, trained(1), "run").endsWith(STOPPED);
    assertThat(first.error()).endsWith("run the same command again to go on.");
    JsonNode message = Workplace.parse(Workplace.read(log));
    assertThat(message.get("exitCode").asInt()).isEqualTo(STOPPED);
    assertThat(message.get("reason").asText()).isEqualTo("STOPPED");
    assertThat(last(first.progress("train"))).isEqualTo(1);
    assertThat(stopped.checkpoints()).containsExactly(1);

    Workplace.Outcome second =
        stopped.stopped("TERM", 2, "\"progress\",\"stage\":\"train\"", "run").endsWith(STOPPED);
    assertThat(second.err()).contains("Going on from the checkpoint of step 1.");
    assertThat(last(second.progress("train"))).isEqualTo(3);
    assertThat(stopped.checkpoints()).contains(3);

    stopped.apo("run").succeeds();
    assertThat(stopped.results()).isEqualTo(undisturbed(kind));
  }

  @Test
  void earlyStoppingCountsTheEvaluationsBeforeAKill() {
    var killed =
        new Workplace(directory)
            .set("train.steps", 40)
            .set("train.evaluateEvery", 1)
            .set("train.learningRate", 1e-12)
            .set("train.earlyStopping.patience", 4);

    killed.killedAfterStep(3);
    Workplace.Outcome resumed = killed.apo("run").succeeds();

    assertThat(resumed.err())
        .contains("Going on from the checkpoint of step 2.", "Stopped after step 4:");
    JsonNode state = Workplace.parse(Workplace.read(killed.run("result.json"))).get("state");
    assertThat(state.get("evaluations")).hasSize(5);
  }

  @Test
  void sigtermBeforeTheFirstStepKeepsTheFirstEvaluation() {
    var stopped = new Workplace(directory);

    stopped.stopped("TERM", 1, "\"started\",\"stage\":\"train\"", "run").endsWith(STOPPED);
    assertThat(stopped.checkpoints()).containsExactly(0);
    stopped.apo("run").succeeds();

    assertThat(stopped.results()).isEqualTo(undisturbed(Kind.FP32));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void sigtermDuringAnEvaluationSavesTheWeightsFirst(int evaluation) {
    Workplace whole = manyResponses(directory.resolve("whole"));
    whole.apo("run").succeeds();
    Workplace stopped = manyResponses(directory.resolve("stopped"));

    String began = "\"stage\":\"evaluate\",\"unit\":\"responses\",\"done\":0,";
    stopped.stopped("TERM", evaluation, began, "run").endsWith(STOPPED);
    assertThat(last(stopped.checkpoints())).isEqualTo(3 * (evaluation - 1));
    stopped.apo("run").succeeds();

    assertThat(stopped.results()).isEqualTo(whole.results());
  }

  private static Workplace manyResponses(Path directory) {
    try {
      java.nio.file.Files.createDirectories(directory);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return new Workplace(directory).set("evaluate.samples", 100).set("evaluate.temperature", 1.0);
  }

  @Test
  void sigtermAfterTheLastStepLetsTheRunFinish() {
    var stopped = new Workplace(directory);

    stopped.stopped("TERM", 1, trained(6), "run").succeeds();

    assertThat(stopped.results()).isEqualTo(undisturbed(Kind.FP32));
  }

  @Test
  void aFinishedRunIsNotRunAgain() {
    var workplace = new Workplace(directory);
    JsonNode first = workplace.apo("run", "-o", "json").succeeds().json();
    Map<String, String> before = Workplace.digests(directory.resolve("storage"));

    Workplace.Outcome again = workplace.apo("run", "-o", "json").succeeds();

    assertThat(again.err()).contains("complete already", "--fresh");
    assertThat(again.progress("train")).isEmpty();
    assertThat(again.progress("estimate")).isEmpty();
    for (String field : List.of("phase", "accuracyBefore", "accuracyAfter", "model")) {
      assertThat(again.json().get(field)).isEqualTo(first.get(field));
    }
    Map<String, String> after = Workplace.digests(directory.resolve("storage"));
    assertThat(after.keySet()).isEqualTo(before.keySet());
    for (String anew : List.of("prepared.json", "usage/prepare.json")) {
      String key = directory.resolve("storage").relativize(workplace.run(anew)).toString();
      before.remove(key);
      after.remove(key);
    }
    assertThat(after).isEqualTo(before);
  }

  @Test
  void aRunThatWasKilledBeforeItsReportGetsItLater() {
    var workplace = new Workplace(directory);
    workplace.apo("run").succeeds();
    workplace.delete("storage/runs/default/sums/local/report.html");

    assertThat(workplace.apo("train").succeeds().err()).contains("complete already");

    assertThat(workplace.run("report.html")).isRegularFile();
  }

  @Test
  void freshStartsAnewAndKeepsTheTable() {
    var workplace = new Workplace(directory);
    workplace.apo("run").succeeds();
    Map<String, Object> first = workplace.results();
    Map<Path, Object> blocks = EstimateTest.stamps(workplace);
    workplace.write(".apo/sums/train/model/of-another-model.json", new byte[0]);

    Workplace.Outcome again = workplace.apo("run", "--fresh", "-o", "json").succeeds();

    assertThat(again.progress("train")).contains(1, 6);
    assertThat(again.json().at("/vstar/reused").asBoolean()).isTrue();
    assertThat(EstimateTest.stamps(workplace)).isEqualTo(blocks);
    assertThat(workplace.results()).isEqualTo(first);
  }

  @Test
  void aChangeIsRefusedByTheNameOfItsFieldIfItDecidesTheResult() {
    var workplace = new Workplace(directory);
    workplace.killedAfterStep(3);

    Workplace.Outcome changed = workplace.set("train.learningRate", 2e-3).apo("run").endsWith(78);

    assertThat(changed.err()).contains("spec.train.learningRate", "0.001", "0.002", "--fresh");
    assertThat(workplace.checkpoints()).containsExactly(2);

    workplace.set("train.learningRate", 1e-3).set("estimate.shards", 3).apo("run").succeeds();
    assertThat(workplace.results()).isEqualTo(undisturbed(Kind.FP32));
  }

  private static int last(List<Integer> progress) {
    return progress.get(progress.size() - 1);
  }
}
