package dev.apo.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.TestModels;
import dev.apo.worker.engine.TokenBatch.Sequence;
import dev.apo.worker.model.Lora;
import dev.apo.worker.model.ModelDirectory;
import dev.apo.worker.model.Parameter;
import dev.apo.worker.model.Safetensors;
import dev.apo.worker.sampling.Request;
import dev.apo.worker.sampling.Sampler;
import dev.apo.worker.sampling.SamplingSettings;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoraTest {
  private static final List<String> ALL =
      List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj");
  private static final TokenBatch BATCH =
      TokenBatch.of(
          List.of(
              Sequence.of(new int[] {3, 9, 4}, new int[] {7, 30, 2}),
              Sequence.of(new int[] {8}, new int[] {9, 10, 11, 12, 13, 14, 1})));

  private static Decoder load(String model, Precision precision, Lora lora) {
    return Decoder.load(TestModels.open(model), precision, 64, Trainable.adapters(lora));
  }

  /** Adapters of which neither half is zero. */
  private static void randomise(Decoder decoder) {
    decoder.startAdapters(3);
    for (int p = 1; p < decoder.trained().size(); p += 2) {
      FloatBuffer b = FloatBuffer.allocate((int) decoder.trained().get(p).size());
      for (int i = 0; i < b.capacity(); i++) {
        b.put((float) Math.sin(7 * i + p) * 0.1f);
      }
      decoder.write(Decoder.State.WEIGHTS, p, 0, b.flip());
    }
    decoder.weightsChanged();
  }

  private static float[] coefficients() {
    float[] coefficients = new float[BATCH.targets().length];
    for (int i = 0; i < coefficients.length; i++) {
      coefficients[i] = 0.1f * (i % 3 - 1) + 0.05f;
    }
    return coefficients;
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void untrainedAdaptersChangeNothing(Precision precision) {
    try (Decoder plain = Decoder.load(TestModels.open("f32-qwen3"), precision, 64);
        Decoder adapted = load("f32-qwen3", precision, new Lora(4, 8, ALL))) {
      adapted.startAdapters(1);

      assertClose(
          adapted.score(BATCH, 1, false).logProbs(),
          plain.score(BATCH, 1, false).logProbs(),
          precision);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"f32-qwen3", "bf16-qwen2-yarn-rope", "f16-untied-sharded"})
  void theMergedModelIsThePolicyAndTheReferenceIsTheModelWithoutAdapters(String name) {
    ModelDirectory model = TestModels.open(name);
    try (Decoder adapted = load(name, Precision.FP32, new Lora(3, 6, ALL));
        Decoder merged = Decoder.load(model, Precision.FP32, 64);
        Decoder plain = Decoder.load(model, Precision.FP32, 64)) {
      randomise(adapted);
      for (int p = 0; p < merged.parameters().size(); p++) {
        int size = (int) merged.parameters().get(p).size();
        merged.write(Decoder.State.WEIGHTS, p, 0, adapted.readPolicy(p, 0, size));
      }
      merged.weightsChanged();
      adapted.freezeReference();

      assertClose(
          adapted.score(BATCH, 1, false).logProbs(),
          merged.score(BATCH, 1, false).logProbs(),
          Precision.FP32);
      assertClose(
          adapted.score(BATCH, 1, true).logProbs(),
          plain.score(BATCH, 1, false).logProbs(),
          Precision.FP32);
      assertThat(adapted.score(BATCH, 1, true).logProbs())
          .isNotEqualTo(adapted.score(BATCH, 1, false).logProbs());
      var settings = new SamplingSettings(Decoder.Controls.GREEDY, 20, Set.of());
      var request = List.of(new Request(new int[] {3, 9, 4}, new long[] {1}));
      assertThat(new Sampler(adapted, settings).sample(request).get(0).get(0).tokens())
          .isEqualTo(new Sampler(merged, settings).sample(request).get(0).get(0).tokens());
    }
  }

  /** With adapters, gate and up are computed apart, and rounded apart. */
  private static void assertClose(float[] actual, float[] expected, Precision precision) {
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i])
          .isCloseTo(expected[i], within(precision == Precision.FP32 ? 1e-4f : 0.1f));
    }
  }

  /** The chain rule: da = scale · bᵀ dw, db = scale · dw aᵀ. */
  @ParameterizedTest
  @ValueSource(strings = {"q_proj v_proj", "k_proj o_proj up_proj", "gate_proj down_proj", ""})
  void gradientsOfAdaptersFollowFromThoseOfTheMergedWeights(String targets) {
    List<String> names = targets.isEmpty() ? ALL : List.of(targets.split(" "));
    var lora = new Lora(2, 6, names);
    try (Decoder adapted = load("f16-untied-sharded", Precision.FP32, lora);
        Decoder merged = Decoder.load(TestModels.open("f16-untied-sharded"), Precision.FP32, 64)) {
      randomise(adapted);
      for (int p = 0; p < merged.parameters().size(); p++) {
        int size = (int) merged.parameters().get(p).size();
        merged.write(Decoder.State.WEIGHTS, p, 0, adapted.readPolicy(p, 0, size));
      }
      merged.weightsChanged();
      for (Decoder decoder : List.of(adapted, merged)) {
        decoder.prepareTraining();
        decoder.forward(BATCH, 0.8);
        decoder.backward(coefficients(), coefficients(), 0.8);
      }
      int checked = 0;
      for (int p = 0; p < adapted.trained().size(); p += 2) {
        long rowA = 0;
        long rowB = 0;
        List<Parameter.Part> as = adapted.trained().get(p).parts();
        List<Parameter.Part> bs = adapted.trained().get(p + 1).parts();
        for (int n = 0; n < as.size(); n++) {
          Matrix a = read(adapted, p, rowA, as.get(n), false);
          Matrix b = read(adapted, p + 1, rowB, bs.get(n), false);
          Matrix w = gradientOf(merged, as.get(n).name());
          assertClose(
              read(adapted, p, rowA, as.get(n), true), b.transposed().times(w, lora.scale()));
          assertClose(
              read(adapted, p + 1, rowB, bs.get(n), true), w.times(a.transposed(), lora.scale()));
          rowA += as.get(n).size();
          rowB += bs.get(n).size();
          checked++;
        }
      }
      assertThat(checked).isEqualTo(2 * names.size());
    }
  }

  private record Matrix(int rows, int columns, float[] values) {
    float at(int row, int column) {
      return values[row * columns + column];
    }

    Matrix transposed() {
      float[] t = new float[values.length];
      for (int i = 0; i < t.length; i++) {
        t[i] = at(i % rows, i / rows);
      }
      return new Matrix(columns, rows, t);
    }

    Matrix times(Matrix other, double scale) {
      float[] product = new float[rows * other.columns];
      for (int i = 0; i < product.length; i++) {
        double sum = 0;
        for (int k = 0; k < columns; k++) {
          sum += (double) at(i / other.columns, k) * other.at(k, i % other.columns);
        }
        product[i] = (float) (scale * sum);
      }
      return new Matrix(rows, other.columns, product);
    }
  }

  private static void assertClose(Matrix actual, Matrix expected) {
    double largest = 0;
    for (float value : expected.values()) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(largest).isPositive();
    for (int i = 0; i < expected.values().length; i++) {
      assertThat((double) actual.values()[i])
          .isCloseTo(expected.values()[i], within(1e-4 * largest));
    }
  }

  private static Matrix read(
      Decoder decoder, int p, long offset, Parameter.Part part, boolean gradient) {
    int size = (int) part.size();
    FloatBuffer values =
        gradient
            ? decoder.gradient(p, offset, size)
            : decoder.read(Decoder.State.WEIGHTS, p, offset, size);
    return matrix(part, values);
  }

  private static Matrix matrix(Parameter.Part part, FloatBuffer values) {
    float[] all = new float[(int) part.size()];
    values.get(all);
    return new Matrix((int) part.shape()[0], (int) part.shape()[1], all);
  }

  /** Of the weights that the adapter named in PEFT's way belongs to. */
  private static Matrix gradientOf(Decoder merged, String adapter) {
    String name = adapter.replace("base_model.model.", "").replace(".lora_A.weight", ".weight");
    for (int p = 0; p < merged.parameters().size(); p++) {
      long offset = 0;
      for (Parameter.Part part : merged.parameters().get(p).parts()) {
        if (part.name().equals(name)) {
          return matrix(part, merged.gradient(p, offset, (int) part.size()));
        }
        offset += part.size();
      }
    }
    throw new AssertionError(name);
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void thePolicyLearnsAndTheReferenceStays(Precision precision) {
    try (Replicas replicas =
        Replicas.of(
            load("f32-tied-own-head-dim", precision, new Lora(8, 16, ALL)), Devices.cpus(2))) {
      replicas.first().startAdapters(1);
      replicas.weightsChanged();
      replicas.freezeReference();
      replicas.prepareTraining();
      float[] before = replicas.first().score(BATCH, 1, true).logProbs();
      assertClose(replicas.first().score(BATCH, 1, false).logProbs(), before, precision);
      float[] coefficients = new float[before.length];
      Arrays.fill(coefficients, -1f / before.length);
      for (int step = 1; step <= 30; step++) {
        replicas.map(
            List.of(BATCH, BATCH),
            (decoder, batch) -> {
              decoder.forward(batch, 1);
              decoder.backward(coefficients, new float[0], 1);
              return true;
            });
        replicas.optimize(step, AdamW.of(0, 1), 1e-2);
      }
      var after = replicas.map(List.of(0, 1), (d, i) -> d.score(BATCH, 1, false).logProbs());
      assertThat(after.get(0)).isEqualTo(after.get(1));
      assertThat(mean(after.get(0))).isGreaterThan(mean(before) / 2);
      assertThat(replicas.map(List.of(0, 1), (d, i) -> d.score(BATCH, 1, true).logProbs()))
          .allSatisfy(reference -> assertThat(reference).isEqualTo(before));
    }
  }

  private static double mean(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  /** {@code src/test/fixtures/make_adapter.py} made the adapter and the numbers. */
  @Test
  void adaptersOfPeftComputeWhatPeftComputes() throws IOException {
    Path directory = Path.of("src/test/resources/adapters/f32-tied-own-head-dim");
    JsonNode expected = new ObjectMapper().readTree(directory.resolve("expected.json").toFile());
    var lora = new Lora(4, 12, List.of("q_proj", "v_proj", "gate_proj", "up_proj", "down_proj"));
    try (Decoder decoder = load("f32-tied-own-head-dim", Precision.FP32, lora);
        Safetensors tensors = Safetensors.open(directory.resolve("adapter_model.safetensors"))) {
      for (int p = 0; p < decoder.trained().size(); p++) {
        int parameter = p;
        long offset = 0;
        for (Parameter.Part part : decoder.trained().get(p).parts()) {
          long start = offset;
          assertThat(tensors.entry(part.name()).bytes()).isEqualTo(part.size() * Float.BYTES);
          tensors.read(
              part.name(),
              (first, values) ->
                  decoder.write(Decoder.State.WEIGHTS, parameter, start + first, values));
          offset += part.size();
        }
      }
      decoder.weightsChanged();
      for (JsonNode sequence : expected) {
        int[] ids = sequence.get("ids").valueStream().mapToInt(JsonNode::asInt).toArray();
        float[][] logits = decoder.logits(new int[][] {ids});
        for (int t = 0; t < ids.length; t++) {
          for (int v = 0; v < logits[t].length; v++) {
            assertThat((double) logits[t][v])
                .isCloseTo(sequence.get("logits").get(t).get(v).asDouble(), within(1e-4));
          }
        }
      }
    }
  }
}
