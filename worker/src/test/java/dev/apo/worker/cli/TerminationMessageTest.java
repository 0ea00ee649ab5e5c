package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.api.v1alpha1.Artifacts;
import dev.apo.api.v1alpha1.PrepareResults;
import dev.apo.worker.ExitCode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TerminationMessageTest {
  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"x", "\"", "\u0001", "€"})
  void anEndlessSentenceIsCutWithAMarkAndStaysJson(String character) {
    String json = TerminationMessage.failureJson(ExitCode.BAD_DATA, character.repeat(100_000));

    assertThat(json.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(4096);
    assertThat(Workplace.parse(json).get("message").asText()).endsWith("(cut)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "\"", "€"})
  void addressesThatDoNotFitAreLeftOutAndTheStageStaysASuccess(String character) {
    String address = "s3://bucket/" + character.repeat(1100);
    String json =
        TerminationMessage.successJson(
            new PrepareResults("key", true, 1L, 2L, 3L, 4L),
            new Artifacts(address + "/model", address + "/m", address + "/r", address, "key"));

    assertThat(json.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(4096);
    var message = Workplace.parse(json);
    assertThat(message.get("exitCode").asInt()).isZero();
    assertThat(message.at("/result/trainPrompts").asInt()).isEqualTo(2);
    assertThat(message.at("/artifacts/vstarKey").asText()).isEqualTo("key");
    assertThat(message.at("/artifacts/model").asText()).endsWith("/model");
    assertThat(message.get("artifacts").has("metrics")).isFalse();
  }

  @Test
  void aResultThatDoesNotFitLeavesTheExitCode() {
    assertThat(TerminationMessage.successJson("x".repeat(5000), null))
        .isEqualTo("{\"exitCode\":0}");
  }

  @Test
  @Tag("slow")
  void everyStageSpeaksInTheWordsOfTheApi() {
    Path log = directory.resolve("log");
    var workplace =
        new Workplace(directory)
            .set("train.evaluateEvery", 1)
            .environment("APO_TERMINATION_LOG", log.toString());

    workplace.process("prepare").succeeds();
    var prepared = Workplace.parse(Workplace.read(log));
    assertThat(prepared.at("/result/trainPrompts").asInt()).isEqualTo(40);
    assertThat(prepared.at("/result/vstarReused").asBoolean()).isFalse();

    workplace.process("estimate").succeeds();
    var estimated = Workplace.parse(Workplace.read(log));
    assertThat(estimated.at("/result/responses").asInt()).isEqualTo(80);
    assertThat(estimated.at("/result/reward").asDouble()).isBetween(0.01, 1.0);
    assertThat(estimated.at("/artifacts/vstarKey")).isEqualTo(prepared.at("/result/vstarKey"));

    workplace.process("train").succeeds();
    var trained = Workplace.parse(Workplace.read(log));
    assertThat(trained.at("/result/steps").asInt()).isEqualTo(6);
    assertThat(trained.at("/result/accuracy").isNumber()).isTrue();
    assertThat(trained.at("/result/stoppedEarly").isBoolean()).isTrue();
    assertThat(trained.at("/result/stoppedEarly").asBoolean()).isFalse();
    assertThat(trained.at("/artifacts/model").asText()).endsWith("/model/");
  }

  @Test
  @Tag("slow")
  void onlyTheShardThatCompletesTheTableTellsItsFigures() {
    Path log = directory.resolve("log");
    var workplace =
        new Workplace(directory)
            .set("estimate.shards", 2)
            .environment("APO_TERMINATION_LOG", log.toString());

    workplace.environment("JOB_COMPLETION_INDEX", "0").process("estimate").succeeds();
    var first = Workplace.parse(Workplace.read(log)).get("result");
    assertThat(first).hasSize(1);
    assertThat(first.get("responses").asInt()).isEqualTo(40);

    workplace.environment("JOB_COMPLETION_INDEX", "1").process("estimate").succeeds();
    var last = Workplace.parse(Workplace.read(log)).get("result");
    assertThat(last.get("responses").asInt()).isEqualTo(40);
    assertThat(last.get("prompts").asInt()).isEqualTo(40);
    for (String figure : List.of("reward", "unsolvedFraction", "solvedFraction")) {
      assertThat(last.get(figure).asDouble()).as(figure).isBetween(0.0, 1.0);
    }
    assertThat(last.get("value").isNumber()).isTrue();
    assertThat(last.get("responseTokens").asDouble()).isBetween(1.0, 5.0);
  }
}
