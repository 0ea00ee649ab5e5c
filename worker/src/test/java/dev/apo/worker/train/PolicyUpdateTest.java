package dev.apo.worker.train;

import static dev.apo.worker.Vectors.ids;
import static dev.apo.worker.Vectors.tensor;
import static dev.apo.worker.Vectors.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.Vectors;
import dev.apo.worker.algorithm.AStarPo;
import dev.apo.worker.algorithm.EntropyBonus;
import dev.apo.worker.algorithm.StepMetrics;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.engine.AdamW;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Devices;
import dev.apo.worker.engine.Precision;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.engine.TokenBatch;
import dev.apo.worker.model.ModelConfig;
import dev.apo.worker.model.Rotary;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole update, engine included, against the reference's numbers. */
@Tag("slow")
class PolicyUpdateTest {
  private static final double RELATIVE = 1e-5;
  private static final int EMBEDDING = 0;
  private static final int NORM = 1;
  private static final int HEAD = 2;

  /** Keeps nothing of the past and clips nothing: the first moment is the gradient. */
  private static final AdamW GRADIENT_IN_MOMENT1 = new AdamW(0, 0.999, 1e-8, 0, 1e30);

  static Stream<JsonNode> cases() {
    return Vectors.cases("apo_stage2", "from_logits");
  }

  /** How a mini-batch is spread over passes and replicas, which must not matter. */
  private record Cut(int microBatchTokens, int replicas) {}

  @ParameterizedTest
  @MethodSource("cases")
  void givesTheReferenceLossEntropyAndGradient(JsonNode test) {
    JsonNode expected = test.get("expected");
    for (Cut cut : List.of(new Cut(1, 1), new Cut(8192, 1), new Cut(8192, 2))) {
      try (var model = new LogitsModel(test, cut.replicas())) {
        Map<String, Double> metrics =
            model.update(EntropyBonus.Mean.AS_THE_LOSS, cut.microBatchTokens());

        assertClose(metrics.get("actor/pg_loss"), expected.get("pg_loss").asDouble());
        assertClose(
            metrics.get("actor/entropy_loss"), expected.get("entropy_token_mean").asDouble());
        double[][][] gradient = model.gradient();
        double[][][] reference = tensor(expected.get("grad_logits"));
        for (int b = 0; b < reference.length; b++) {
          for (int t = 0; t < reference[b].length; t++) {
            assertClose(gradient[b][t], reference[b][t]);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void eachResponseGetsItsOwnFigures(JsonNode test) {
    double beta2 = test.get("inputs").get("beta2").asDouble();
    for (Cut cut : List.of(new Cut(1, 1), new Cut(8192, 1), new Cut(8192, 2))) {
      try (var model = new LogitsModel(test, cut.replicas())) {
        model.update(EntropyBonus.Mean.AS_THE_LOSS, cut.microBatchTokens());

        assertThat(model.figures).hasSize(model.rows);
        model.figures.forEach(
            (rollout, figures) -> {
              assertThat(figures.get("critic/advantages"))
                  .isEqualTo(rollout.reward() - rollout.vStar());
              assertThat(figures.get(PolicyUpdate.LOG_RATIO) * beta2)
                  .isCloseTo(figures.get("actor/implicit_reward"), within(1e-12));
            });
      }
    }
  }

  @Test
  void officialMicroBatchesWeighTheEntropyOfEachResponseAlike() {
    String name =
        Vectors.onlyCase("apo_stage2", "micro_batches_of_one_average")
            .get("inputs")
            .get("same_as")
            .asText();
    JsonNode test = Vectors.onlyCase("apo_stage2", name);
    double coefficient = test.get("inputs").get("entropy_coeff").asDouble();
    double[][][] byToken;
    double[][][] byResponse;
    double[][][] none;
    try (var model = new LogitsModel(test)) {
      model.update(EntropyBonus.Mean.AS_THE_LOSS, 1);
      byToken = model.gradient();
    }
    try (var model = new LogitsModel(test)) {
      model.update(EntropyBonus.Mean.MICRO_BATCH_TOKENS, 1);
      byResponse = model.gradient();
    }
    try (var model = new LogitsModel(test)) {
      model.update(new EntropyBonus(0, EntropyBonus.Mean.AS_THE_LOSS), 1);
      none = model.gradient();
    }

    assertThat(coefficient).isPositive();
    double[] tokens = {3, 4, 1};
    for (int b = 0; b < tokens.length; b++) {
      for (int v = 0; v < none[b][0].length; v++) {
        double share = byToken[b][0][v] - none[b][0][v];
        assertThat(byResponse[b][0][v] - none[b][0][v])
            .isCloseTo(share * 8 / (3 * tokens[b]), within(1e-8));
      }
    }
  }

  /** Relative to the largest number, since small ones are differences of large ones. */
  private static void assertClose(double[] actual, double[] expected) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).isCloseTo(expected[i], within(RELATIVE * largest + 1e-12));
    }
  }

  private static void assertClose(double actual, double expected) {
    assertThat(actual).isCloseTo(expected, within(RELATIVE * Math.abs(expected)));
  }

  /**
   * A model whose only layer adds nothing, and whose logits are the case's. Each place of each
   * response has a vocabulary of its own, with all else at −10⁴; a token's embedding is the unit
   * vector of the place behind it, and the head's columns are the logits at each place, so that its
   * gradient is theirs.
   */
  private static final class LogitsModel implements AutoCloseable {
    private static final int PLACES = 16;

    private final JsonNode inputs;
    private final int rows;
    private final int length;
    private final int labels;
    private final int vocabulary;
    private final Replicas replicas;
    private final Map<Rollout, Map<String, Double>> figures = new IdentityHashMap<>();

    LogitsModel(JsonNode test) {
      this(test, 1);
    }

    LogitsModel(JsonNode test, int count) {
      inputs = test.get("inputs");
      double[][][] logits = tensor(inputs.get("logits"));
      rows = logits.length;
      length = logits[0].length;
      labels = logits[0][0].length;
      vocabulary = rows + rows * length * labels;
      Decoder decoder =
          Decoder.empty(
              new ModelConfig(
                  PLACES,
                  1,
                  1,
                  1,
                  1,
                  2,
                  vocabulary,
                  64,
                  1e-30,
                  Rotary.unscaled(10_000),
                  false,
                  false,
                  false),
              Precision.FP32,
              64);
      replicas = Replicas.of(decoder, Devices.cpus(count));
      float[] embedding = new float[vocabulary * PLACES];
      for (int b = 0; b < rows; b++) {
        embedding[b * PLACES + place(b, 0)] = 1;
        for (int t = 0; t < length - 1; t++) {
          for (int label = 0; label < labels; label++) {
            embedding[token(b, t, label) * PLACES + place(b, t + 1)] = 1;
          }
        }
      }
      write(EMBEDDING, embedding);
      float[] norm = new float[PLACES];
      // The root mean square of a unit vector.
      Arrays.fill(norm, (float) Math.sqrt(1.0 / PLACES));
      write(NORM, norm);
      write(HEAD, head(tensor(inputs.get("ref_logits"))));
      replicas.weightsChanged();
      replicas.freezeReference();
      write(HEAD, head(logits));
      replicas.weightsChanged();
      replicas.prepareTraining();
    }

    private void write(int parameter, float[] values) {
      replicas.first().write(Decoder.State.WEIGHTS, parameter, 0, FloatBuffer.wrap(values));
    }

    private int place(int b, int t) {
      return b * length + t;
    }

    private int token(int b, int t, int label) {
      return rows + place(b, t) * labels + label;
    }

    private float[] head(double[][][] logits) {
      float[] head = new float[vocabulary * PLACES];
      Arrays.fill(head, -1e4f);
      for (int b = 0; b < rows; b++) {
        for (int t = 0; t < length; t++) {
          for (int label = 0; label < labels; label++) {
            head[token(b, t, label) * PLACES + place(b, t)] = (float) logits[b][t][label];
          }
        }
      }
      return head;
    }

    Map<String, Double> update(EntropyBonus.Mean mean, int microBatchTokens) {
      return update(
          new EntropyBonus(inputs.get("entropy_coeff").asDouble(), mean), microBatchTokens);
    }

    Map<String, Double> update(EntropyBonus entropy, int microBatchTokens) {
      var metrics = new StepMetrics();
      var loss = new AStarPo(inputs.get("beta2").asDouble());
      double temperature = inputs.get("temperature").asDouble();
      var models = new Models(replicas, null);
      var update = new PolicyUpdate(replicas, loss, entropy, GRADIENT_IN_MOMENT1, temperature);
      new Update(
              models,
              loss,
              update,
              null,
              new Update.Settings(rows, 1, microBatchTokens, temperature))
          .apply(
              rollouts().stream().map(List::of).toList(),
              0,
              new Update.Rates(0, 0),
              metrics,
              (part, seconds) -> {},
              figures::put);
      return metrics.summary(1);
    }

    private List<Rollout> rollouts() {
      long[][] responses = ids(inputs.get("labels"));
      double[] rewards = vector(inputs.get("rewards"));
      double[] vStar = vector(inputs.get("v_star"));
      var rollouts = new ArrayList<Rollout>();
      for (int b = 0; b < rows; b++) {
        var response = new ArrayList<Integer>();
        boolean ended = false;
        for (int t = 0; t < length && !ended; t++) {
          response.add(token(b, t, (int) responses[b][t]));
          ended = responses[b][t] == inputs.get("eos_id").asLong();
        }
        var sequence =
            TokenBatch.Sequence.of(
                new int[] {b}, response.stream().mapToInt(Integer::intValue).toArray());
        rollouts.add(
            new Rollout(
                new Prompt(b, "", "", new int[] {b}), "", sequence, !ended, rewards[b], vStar[b]));
      }
      return rollouts;
    }

    /** [rows][length][labels] of the logits. */
    double[][][] gradient() {
      FloatBuffer head = replicas.first().read(Decoder.State.MOMENT1, HEAD, 0, vocabulary * PLACES);
      double[][][] gradient = new double[rows][length][labels];
      for (int b = 0; b < rows; b++) {
        for (int t = 0; t < length; t++) {
          for (int label = 0; label < labels; label++) {
            gradient[b][t][label] = head.get(token(b, t, label) * PLACES + place(b, t));
          }
        }
      }
      return gradient;
    }

    @Override
    public void close() {
      replicas.close();
    }
  }
}
