package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.worker.model.Safetensors;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs on several devices, each with weights of its own, beside the same run on one. */
@Tag("slow")
class DevicesTest {
  /**
   * Norm of a difference, relative to the norm: that of gradients which are differences themselves.
   */
  private static final double ROUNDING = 1e-5;

  /** Kinds of training that have different things to keep alike on all devices. */
  enum Kind {
    APO(w -> {}),
    GRPO(
        w ->
            w.set("algorithm", Map.of("type", "GRPO", "grpo", Map.of("responsesPerPrompt", 3)))
                .set("train.miniBatchSize", 4)),
    PPO(
        w ->
            w.set("algorithm", Map.of("type", "PPO", "ppo", Map.of("criticLearningRate", 1e-6)))
                .set("train.miniBatchSize", 4)),
    LORA(w -> w.set("train.lora.rank", 4));

    final Consumer<Workplace> change;

    Kind(Consumer<Workplace> change) {
      this.change = change;
    }
  }

  private static final Map<String, Workplace> WHOLE = new HashMap<>();

  @TempDir static Path references;
  @TempDir Path directory;

  private static Workplace workplace(Path directory, Kind kind) {
    // A prompt whose responses are all right has a gradient of rounding errors alone, and AdamW
    // makes
    // steps of them as long as any. They have to stay short for what is sampled next to be the
    // same.
    var workplace = new Workplace(directory).set("train.learningRate", 1e-6);
    kind.change.accept(workplace);
    return workplace;
  }

  /** A run that nothing stops. */
  private static Workplace whole(Kind kind, String devices) {
    return WHOLE.computeIfAbsent(
        kind + "-" + devices,
        name -> {
          Workplace whole = workplace(references.resolve(name), kind);
          whole.apo("run", "--devices", devices).succeeds();
          return whole;
        });
  }

  @ParameterizedTest
  @EnumSource
  void severalDevicesSampleWhatOneSamplesAndLearnTheSameUpToTheOrderOfSums(Kind kind) {
    Workplace one = whole(kind, "cpu");
    Workplace several = whole(kind, "cpu,cpu,cpu");

    assertThat(several.table()).isEqualTo(one.table());
    assertAlike(several, one);
  }

  @Test
  void aRunGoesOnWithAnotherNumberOfDevices() {
    Workplace killed = workplace(directory, Kind.PPO);

    killed.killedAfterStep(3, "--devices", "cpu,cpu");
    Workplace.Outcome resumed = killed.apo("run", "--devices", "cpu,cpu,cpu").succeeds();

    assertThat(resumed.err()).contains("Going on from the checkpoint of step 2.");
    assertAlike(killed, whole(Kind.PPO, "cpu"));
  }

  @Test
  void theVariableDoesWhatTheOptionDoes() {
    var workplace = workplace(directory, Kind.APO).environment("APO_DEVICES", "cpu,cpu,cpu");

    workplace.process("run").succeeds();

    assertThat(workplace.results()).isEqualTo(whole(Kind.APO, "cpu,cpu,cpu").results());
  }

  @ParameterizedTest
  @ValueSource(strings = {"cuda", "cpu,", "cpu,gpu:0", "gpu:0,gpu:0", "2"})
  void devicesThatAreNoneAreRefused(String devices) {
    Workplace.Outcome refused = workplace(directory, Kind.APO).apo("run", "--devices", devices);

    assertThat(refused.endsWith(64).error())
        .isEqualTo(
            "The devices (--devices or APO_DEVICES) are \"%s\"; they must be different GPUs, such as"
                + " gpu:0,gpu:1, or the CPU once for each replica, such as cpu,cpu.",
            devices);
  }

  @Test
  void aGpuThatIsNotThereIsNamed() {
    Workplace.Outcome refused = workplace(directory, Kind.APO).apo("run", "--devices", "gpu:99");

    assertThat(refused.endsWith(64).error()).contains("name gpu:99, and the engine sees ");
  }

  /** The same responses, and what was learnt from them equal but for rounding. */
  private static void assertAlike(Workplace actual, Workplace expected) {
    assertThat(responses(actual)).isEqualTo(responses(expected));
    Map<String, String> checkpoint = Workplace.digests(expected.run("checkpoints/step-00000006"));
    List<String> files =
        checkpoint.keySet().stream().filter(name -> name.endsWith(".safetensors")).toList();
    assertThat(files).contains("weights.safetensors", "moment1.safetensors", "moment2.safetensors");
    for (String file : files) {
      String name = "checkpoints/step-00000006/" + file;
      assertThat(distance(actual.run(name), expected.run(name))).as(file).isLessThan(ROUNDING);
    }
  }

  private static List<String> responses(Workplace workplace) {
    return Workplace.lines(workplace.run("rollouts.jsonl")).stream()
        .map(Workplace::parse)
        .map(rollout -> rollout.get("response").asText())
        .toList();
  }

  private static double distance(Path actual, Path expected) {
    double[] squares = new double[2];
    try (Safetensors a = Safetensors.open(actual);
        Safetensors e = Safetensors.open(expected)) {
      for (String name : e.names()) {
        float[] values = new float[(int) (e.entry(name).bytes() / Float.BYTES)];
        e.read(name, (first, some) -> some.get(values, (int) first, some.remaining()));
        a.read(
            name,
            (first, some) -> {
              for (int i = 0; some.hasRemaining(); i++) {
                double x = values[(int) first + i];
                squares[0] += Math.pow(some.get() - x, 2);
                squares[1] += x * x;
              }
            });
      }
    }
    return Math.sqrt(squares[0] / squares[1]);
  }
}
