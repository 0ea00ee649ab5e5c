package dev.apo.worker.train;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.TestModels;
import dev.apo.worker.engine.AdamW;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Precision;
import dev.apo.worker.engine.TokenBatch;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.storage.StorageOptions;
import dev.apo.worker.storage.Storages;
import dev.apo.worker.telemetry.ProgressTracker;
import dev.apo.worker.telemetry.ProgressView;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("slow")
class CheckpointsTest {
  private static final TokenBatch BATCH =
      TokenBatch.of(List.of(TokenBatch.Sequence.of(new int[] {3, 9, 4}, new int[] {7, 30, 2})));
  private static final Set<String> CHANGES = Set.of("write", "upload", "delete");

  @TempDir Path directory;
  private final ByteArrayOutputStream messages = new ByteArrayOutputStream();
  private Storage storage;
  private Decoder decoder;

  @BeforeEach
  void open() {
    storage = Storages.open("storage", StorageOptions.DEFAULT, directory);
    decoder = decoder(Precision.FP32);
  }

  @AfterEach
  void close() {
    decoder.close();
    storage.close();
  }

  private static Decoder decoder(Precision precision) {
    Decoder decoder = Decoder.load(TestModels.open("f32-tied-own-head-dim"), precision, 64);
    decoder.freezeReference();
    decoder.prepareTraining();
    return decoder;
  }

  private Checkpoints checkpoints(int keep) {
    return checkpoints(keep, storage);
  }

  private Checkpoints checkpoints(int keep, Storage storage) {
    var view = ProgressView.of(false, Optional.empty(), new PrintStream(messages, true, UTF_8));
    return new Checkpoints(
        storage,
        "run/checkpoints",
        directory.resolve("scratch"),
        keep,
        new ProgressTracker(Clock.systemUTC(), List.of(view)));
  }

  /** Takes one optimizer step, so that every array differs from before. */
  private static void learn(Decoder decoder, int step) {
    float[] coefficients = new float[BATCH.targets().length];
    Arrays.fill(coefficients, -1f / coefficients.length);
    decoder.forward(BATCH, 1);
    decoder.backward(coefficients, new float[0], 1);
    decoder.optimize(step, AdamW.of(0, 1), 1e-2);
  }

  private static TrainingState state(int step, double... accuracies) {
    var evaluations = new ArrayList<TrainingState.Evaluation>();
    for (int i = 0; i < accuracies.length; i++) {
      evaluations.add(new TrainingState.Evaluation(i, accuracies[i]));
    }
    return new TrainingState(step, 2 * step, 100L * step, 1.5, 0.5, evaluations);
  }

  private static List<FloatBuffer> arrays(Decoder decoder) {
    var all = new ArrayList<FloatBuffer>();
    for (Decoder.State part : Decoder.State.values()) {
      for (int p = 0; p < decoder.parameters().size(); p++) {
        all.add(decoder.read(part, p, 0, (int) decoder.parameters().get(p).size()));
      }
    }
    return all;
  }

  private List<Integer> steps() {
    return storage.list("run/checkpoints").stream()
        .filter(object -> object.key().endsWith("/manifest.json"))
        .map(object -> Integer.parseInt(object.key().replaceAll("\\D", "")))
        .toList();
  }

  private static String key(int step, String name) {
    return "run/checkpoints/step-0000000" + step + "/" + name;
  }

  private void damage(int step) {
    byte[] content = storage.read(key(step, "moment2.safetensors"));
    content[content.length - 1] ^= 1;
    storage.write(key(step, "moment2.safetensors"), content);
  }

  @ParameterizedTest
  @EnumSource
  void bringsBackEveryBit(Precision precision) {
    try (Decoder before = decoder(precision);
        Decoder after = decoder(precision)) {
      learn(before, 1);
      learn(before, 2);
      checkpoints(2).save(Map.of("", before), state(2, 0.25, 0.5));

      assertThat(checkpoints(2).restore(Map.of("", after))).contains(state(2, 0.25, 0.5));

      assertThat(arrays(after)).isEqualTo(arrays(before));
      assertThat(after.score(BATCH, 1, false))
          .usingRecursiveComparison()
          .isEqualTo(before.score(BATCH, 1, false));
      assertThat(after.score(BATCH, 1, true))
          .usingRecursiveComparison()
          .isEqualTo(before.score(BATCH, 1, true));
      learn(before, 3);
      learn(after, 3);
      assertThat(arrays(after)).isEqualTo(arrays(before));
    }
  }

  @Test
  void tellsWhereTheRunStands() throws Exception {
    checkpoints(2).save(Map.of("", decoder), state(2, 0.25, 0.5));

    var json = new ObjectMapper();
    assertThat(json.readTree(storage.read(key(2, "state.json"))))
        .isEqualTo(
            json.readTree(
                """
                {"step": 2, "optimizerStep": 4, "generatedTokens": 200,
                 "trainSeconds": 1.5, "evaluateSeconds": 0.5,
                 "evaluations": [{"step": 0, "accuracy": 0.25}, {"step": 1, "accuracy": 0.5}]}
                """));
  }

  @Test
  void keepsTheNewestAndTheBest() {
    Checkpoints checkpoints = checkpoints(2);
    double[] accuracies = {0.1, 0.2, 0.9, 0.3, 0.4, 0.5, 0.9};
    for (int step = 1; step <= 6; step++) {
      checkpoints.save(Map.of("", decoder), state(step, Arrays.copyOf(accuracies, step + 1)));
    }

    assertThat(steps()).containsExactly(2, 5, 6);
    assertThat(storage.list("run/checkpoints")).hasSize(3 * 5);
  }

  @Test
  void savesAStepOnce() {
    Checkpoints checkpoints = checkpoints(2);
    checkpoints.save(Map.of("", decoder), state(1));
    learn(decoder, 1);

    checkpoints.save(Map.of("", decoder), state(1, 0.5));

    assertThat(checkpoints(2).restore(Map.of("", decoder))).contains(state(1));
  }

  @Test
  void thereIsNothingToRestoreAtFirst() {
    assertThat(checkpoints(2).restore(Map.of("", decoder))).isEmpty();
  }

  @Test
  void ignoresACheckpointWithoutItsManifest() {
    checkpoints(2).save(Map.of("", decoder), state(1));
    learn(decoder, 1);
    checkpoints(2).save(Map.of("", decoder), state(2));
    storage.delete(key(2, "manifest.json"));

    assertThat(checkpoints(2).restore(Map.of("", decoder))).contains(state(1));
    assertThat(messages.toString(UTF_8)).isEmpty();
  }

  @Test
  void namesADamagedCheckpointAndUsesTheOneBeforeIt() {
    checkpoints(2).save(Map.of("", decoder), state(1));
    List<FloatBuffer> first = arrays(decoder);
    learn(decoder, 1);
    checkpoints(2).save(Map.of("", decoder), state(2));
    damage(2);

    assertThat(checkpoints(2).restore(Map.of("", decoder))).contains(state(1));
    assertThat(arrays(decoder)).isEqualTo(first);
    assertThat(messages.toString(UTF_8))
        .contains("step-00000002", "is damaged", "moment2.safetensors", "is not used");
  }

  @Test
  void neverStartsAfreshWhenAllCheckpointsAreDamaged() {
    checkpoints(2).save(Map.of("", decoder), state(1));
    damage(1);

    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> checkpoints(2).restore(Map.of("", decoder)))
        .withMessageContainingAll("step-00000001", "--fresh")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_ARTIFACT));
  }

  @Test
  void keepsANewCheckpointRatherThanADamagedLaterOne() {
    checkpoints(2).save(Map.of("", decoder), state(1));
    checkpoints(2).save(Map.of("", decoder), state(4));
    damage(4);
    Checkpoints resumed = checkpoints(1);
    resumed.restore(Map.of("", decoder));

    resumed.save(Map.of("", decoder), state(2));

    assertThat(steps()).containsExactly(2);
    assertThat(checkpoints(1).restore(Map.of("", decoder))).contains(state(2));
  }

  /** Every moment at which storage changes, of which there are some for each part. */
  @Test
  void aKillWhileSavingLeavesTheOldCheckpointOrTheNew() {
    boolean killed = true;
    int outcomes = 0;
    for (int moment = 0; killed; moment++) {
      storage.list("").forEach(object -> storage.delete(object.key()));
      checkpoints(1).save(Map.of("", decoder), state(1));
      List<FloatBuffer> old = arrays(decoder);
      learn(decoder, 1);
      killed = saveUntil(moment, state(2));
      List<FloatBuffer> now = arrays(decoder);

      int step = checkpoints(1).restore(Map.of("", decoder)).orElseThrow().step();

      assertThat(arrays(decoder))
          .as("killed at change %d", moment)
          .isEqualTo(step == 1 ? old : now);
      outcomes |= step;
    }
    assertThat(outcomes).as("old and new").isEqualTo(3);
  }

  /** A moment at which the process is gone. */
  private static final class Killed extends Error {}

  /** Saves through a storage that refuses all changes after the first few; whether it did. */
  private boolean saveUntil(int changes, TrainingState state) {
    int[] left = {changes};
    Storage failing =
        (Storage)
            Proxy.newProxyInstance(
                Storage.class.getClassLoader(),
                new Class<?>[] {Storage.class},
                (proxy, method, arguments) -> {
                  if (CHANGES.contains(method.getName()) && left[0]-- <= 0) {
                    throw new Killed();
                  }
                  try {
                    return method.invoke(storage, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    try {
      checkpoints(1, failing).save(Map.of("", decoder), state);
      return false;
    } catch (Killed e) {
      return true;
    }
  }
}
