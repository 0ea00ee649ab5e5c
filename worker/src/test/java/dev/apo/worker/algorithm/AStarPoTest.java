package dev.apo.worker.algorithm;

import static dev.apo.worker.Vectors.ids;
import static dev.apo.worker.Vectors.matrix;
import static dev.apo.worker.Vectors.tensor;
import static dev.apo.worker.Vectors.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.Vectors;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AStarPoTest {
  private static final double TOLERANCE = 1e-9;

  static Stream<JsonNode> lossCases() {
    return Vectors.cases("apo_stage2").filter(c -> c.get("inputs").has("log_probs"));
  }

  static Stream<JsonNode> logitCases() {
    return Vectors.cases("apo_stage2", "from_logits");
  }

  static Stream<JsonNode> banditCases() {
    return Vectors.cases("apo_stage2", "exact_bandit");
  }

  @ParameterizedTest
  @MethodSource("lossCases")
  void givesTheReferenceLossAndGradient(JsonNode test) {
    JsonNode expected = test.get("expected");
    LossBatch batch = batch(test.get("inputs"));

    LossResult result = loss(test).compute(batch);

    assertThat(result.loss()).isCloseTo(expected.get("loss").asDouble(), within(TOLERANCE));
    assertThat(result.shares()).containsEntry("actor/pg_loss", result.loss());
    if (expected.has("grad_log_probs")) {
      double[][] gradient = matrix(expected.get("grad_log_probs"));
      for (int b = 0; b < batch.size(); b++) {
        assertThat(result.gradient()[b]).hasSameSizeAs(batch.logProbs()[b]);
        assertClose(result.gradient()[b], Arrays.copyOf(gradient[b], result.gradient()[b].length));
      }
    }
    if (expected.has("residual")) {
      assertClose(
          result.perSequence().get("actor/squared_residual"),
          Arrays.stream(vector(expected.get("residual"))).map(r -> r * r).toArray());
    }
    if (expected.has("implicit_reward_mean")) {
      assertMean(result, "actor/implicit_reward", expected.get("implicit_reward_mean"));
      assertMean(result, "critic/advantages", expected.get("advantage_mean"));
    }
  }

  @ParameterizedTest
  @MethodSource("lossCases")
  void microBatchesAddUpToTheirMiniBatch(JsonNode test) {
    LossBatch whole = batch(test.get("inputs"));
    LossResult expected = loss(test).compute(whole);

    double loss = 0;
    double kl = 0;
    for (int b = 0; b < whole.size(); b++) {
      LossResult part = loss(test).compute(row(whole, b));
      loss += part.loss();
      kl += part.shares().get("critic/kl");
      assertClose(part.gradient()[0], expected.gradient()[b]);
    }
    assertThat(loss).isCloseTo(expected.loss(), within(TOLERANCE));
    assertThat(kl).isCloseTo(expected.shares().get("critic/kl"), within(TOLERANCE));
  }

  @ParameterizedTest
  @MethodSource("logitCases")
  void givesTheReferenceGradientOfTheLogits(JsonNode test) {
    Objective objective = Objective.of(test, List.of(0, 1, 2), EntropyBonus.Mean.AS_THE_LOSS);
    JsonNode expected = test.get("expected");
    double[][][] gradient = tensor(expected.get("grad_logits"));

    assertThat(objective.pgLoss).isCloseTo(expected.get("pg_loss").asDouble(), within(TOLERANCE));
    assertThat(objective.total())
        .isCloseTo(expected.get("total_loss").asDouble(), within(TOLERANCE));
    assertThat(objective.entropySum / 8)
        .isCloseTo(expected.get("entropy_token_mean").asDouble(), within(TOLERANCE));
    for (int b = 0; b < gradient.length; b++) {
      for (int t = 0; t < gradient[b].length; t++) {
        assertClose(objective.gradient[b][t], gradient[b][t]);
      }
    }
  }

  @Test
  void officialMicroBatchesOfOneAverageTheEntropyPerResponse() {
    JsonNode test = Vectors.onlyCase("apo_stage2", "micro_batches_of_one_average");
    JsonNode expected = test.get("expected");
    JsonNode same = Vectors.onlyCase("apo_stage2", test.get("inputs").get("same_as").asText());
    double pgLoss = 0;
    double bonus = 0;
    for (int b = 0; b < 3; b++) {
      Objective part = Objective.of(same, List.of(b), EntropyBonus.Mean.MICRO_BATCH_TOKENS);
      pgLoss += part.pgLoss;
      bonus += part.bonus;
    }

    assertThat(pgLoss).isCloseTo(expected.get("pg_loss").asDouble(), within(TOLERANCE));
    assertThat(bonus / 0.001).isCloseTo(expected.get("entropy").asDouble(), within(TOLERANCE));
    assertThat(pgLoss - bonus).isCloseTo(expected.get("total_loss").asDouble(), within(TOLERANCE));
  }

  @Test
  void otherwiseMicroBatchesOfOneGiveTheEntropyOfTheMiniBatch() {
    JsonNode test =
        Vectors.onlyCase("apo_stage2", "from_logits_with_entropy_bonus_beta2_0.001_c_0.001");
    double total = 0;
    for (int b = 0; b < 3; b++) {
      total += Objective.of(test, List.of(b), EntropyBonus.Mean.AS_THE_LOSS).total();
    }

    assertThat(total)
        .isCloseTo(test.get("expected").get("total_loss").asDouble(), within(TOLERANCE));
  }

  @Test
  void temperatureDividesLogits() {
    JsonNode test = Vectors.onlyCase("apo_stage2", "temperature_divides_logits");
    double[][][] logits = tensor(test.get("inputs").get("logits"));
    long[][] labels = ids(test.get("inputs").get("labels"));
    double[][] expected = matrix(test.get("expected").get("log_probs"));
    for (int b = 0; b < logits.length; b++) {
      for (int t = 0; t < logits[b].length; t++) {
        Softmax softmax =
            Softmax.of(logits[b][t], test.get("inputs").get("temperature").asDouble());
        assertThat(softmax.logProbs()[(int) labels[b][t]])
            .isCloseTo(expected[b][t], within(TOLERANCE));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("banditCases")
  void theOptimalPolicyHasNoLossAndNoGradient(JsonNode test) {
    JsonNode expected = test.get("expected");
    Bandit bandit = Bandit.of(test.get("inputs"));
    double[] optimum = vector(expected.get("pi_star"));

    assertThat(bandit.vStar()).isCloseTo(expected.get("v_star").asDouble(), within(TOLERANCE));
    assertThat(Arrays.stream(optimum).sum())
        .isCloseTo(expected.get("sum_pi_star").asDouble(), within(TOLERANCE));
    assertThat(bandit.loss(optimum)).isCloseTo(0, within(TOLERANCE));
    assertClose(bandit.gradient(optimum), new double[optimum.length]);
    assertThat(bandit.expectedReward(optimum))
        .isCloseTo(expected.get("expected_reward").asDouble(), within(TOLERANCE));
    double kl =
        IntStream.range(0, optimum.length)
            .mapToDouble(
                i -> optimum[i] * KlEstimator.K1.value(Math.log(optimum[i] / bandit.reference[i])))
            .sum();
    assertThat(kl).isCloseTo(expected.get("kl_pi_star_ref").asDouble(), within(TOLERANCE));
    assertThat(bandit.expectedReward(optimum) - bandit.beta * kl)
        .isCloseTo(expected.get("kl_regularised_value").asDouble(), within(TOLERANCE));
  }

  @Test
  void exactDescentReachesTheOptimalPolicy() {
    JsonNode test = Vectors.onlyCase("apo_stage2", "exact_gradient_descent_trace");
    Bandit bandit = Bandit.of(test.get("inputs"));
    double learningRate = test.get("inputs").get("lr").asDouble();
    double[] theta = Arrays.stream(bandit.reference).map(Math::log).toArray();
    int iteration = 0;
    for (JsonNode point : test.get("expected").get("trace")) {
      for (; iteration < point.get("iter").asInt(); iteration++) {
        double[] gradient = bandit.gradient(probs(theta));
        for (int i = 0; i < theta.length; i++) {
          theta[i] -= learningRate * gradient[i];
        }
      }
      assertClose(probs(theta), vector(point.get("pi")));
      assertThat(bandit.loss(probs(theta)))
          .isCloseTo(point.get("loss").asDouble(), within(TOLERANCE));
      assertThat(bandit.expectedReward(probs(theta)))
          .isCloseTo(point.get("expected_reward").asDouble(), within(TOLERANCE));
    }
    assertThat(iteration).isEqualTo(2000);
    assertClose(probs(theta), vector(test.get("expected").get("limit_pi")));
  }

  @Test
  void asksForNoPassOfTheOldPolicy() {
    assertThat(new AStarPo(0.001).inputs())
        .containsExactlyInAnyOrder(Loss.Input.REFERENCE_LOG_PROBS, Loss.Input.V_STAR);
  }

  @Test
  void refusesABatchWithoutWhatItAsksFor() {
    LossBatch batch = LossBatch.of(new double[][] {{-1}}, null, new double[] {1}, new double[] {0});
    assertThatThrownBy(() -> new AStarPo(0.001).compute(batch))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new AStarPo(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesAnEmptyMiniBatch() {
    assertThatThrownBy(() -> new MiniBatch(0, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesRowsOfDifferentLengths() {
    double[][] logProbs = {{-1, -2}};
    double[] one = {1};
    assertThatThrownBy(() -> LossBatch.of(logProbs, new double[][] {{-1}}, one, one))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("reference");
    assertThatThrownBy(() -> LossBatch.of(logProbs, logProbs, one, new double[2]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () ->
                LossBatch.of(
                    new MiniBatch(1, 2), new double[2][1], new double[2][1], new double[2], null))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /**
   * A policy over single-token responses, all of them in one batch weighted by their probability.
   */
  private record Bandit(double[] reference, double[] rewards, double beta) {
    static Bandit of(JsonNode inputs) {
      return new Bandit(
          vector(inputs.get("pi_ref")),
          vector(inputs.get("rewards")),
          inputs.get("beta2").asDouble());
    }

    double vStar() {
      double sum = 0;
      for (int i = 0; i < rewards.length; i++) {
        sum += reference[i] * Math.exp(rewards[i] / beta);
      }
      return beta * Math.log(sum);
    }

    double loss(double[] policy) {
      return expectation(policy, i -> arm(policy, i).loss());
    }

    double expectedReward(double[] policy) {
      return expectation(policy, i -> rewards[i]);
    }

    /** With respect to the logits; the distribution of the samples is held fixed. */
    double[] gradient(double[] policy) {
      double[] gradient = new double[policy.length];
      Softmax softmax = Softmax.of(Arrays.stream(policy).map(Math::log).toArray(), 1);
      for (int i = 0; i < policy.length; i++) {
        double[] part = softmax.logProbGradient(i, policy[i] * arm(policy, i).gradient()[0][0]);
        for (int v = 0; v < gradient.length; v++) {
          gradient[v] += part[v];
        }
      }
      return gradient;
    }

    private LossResult arm(double[] policy, int i) {
      return new AStarPo(beta)
          .compute(
              LossBatch.of(
                  new double[][] {{Math.log(policy[i])}},
                  new double[][] {{Math.log(reference[i])}},
                  new double[] {rewards[i]},
                  new double[] {vStar()}));
    }

    private static double expectation(double[] policy, IntToDoubleFunction figure) {
      return IntStream.range(0, policy.length)
          .mapToDouble(i -> policy[i] * figure.applyAsDouble(i))
          .sum();
    }
  }

  /** The whole objective of some responses of a case, differentiated down to the logits. */
  private static final class Objective {
    double pgLoss;
    double bonus;
    double entropySum;
    double[][][] gradient;

    double total() {
      return pgLoss - bonus;
    }

    static Objective of(JsonNode test, List<Integer> responses, EntropyBonus.Mean mean) {
      JsonNode inputs = test.get("inputs");
      double temperature = inputs.get("temperature").asDouble();
      double[][][] logits = tensor(inputs.get("logits"));
      double[][][] referenceLogits = tensor(inputs.get("ref_logits"));
      long[][] labels = ids(inputs.get("labels"));
      long eos = inputs.get("eos_id").asLong();
      double[][] logProbs = new double[labels.length][];
      double[][] reference = new double[labels.length][];
      for (int b = 0; b < labels.length; b++) {
        int length = ResponseLength.of(labels[b], id -> id == eos);
        logProbs[b] = new double[length];
        reference[b] = new double[length];
        for (int t = 0; t < length; t++) {
          int token = (int) labels[b][t];
          logProbs[b][t] = Softmax.of(logits[b][t], temperature).logProbs()[token];
          reference[b][t] = Softmax.of(referenceLogits[b][t], temperature).logProbs()[token];
        }
      }
      MiniBatch miniBatch = MiniBatch.of(logProbs);
      double[] rewards = vector(inputs.get("rewards"));
      double[] vStar = vector(inputs.get("v_star"));
      double[][] part = responses.stream().map(b -> logProbs[b]).toArray(double[][]::new);
      LossResult result =
          new AStarPo(inputs.get("beta2").asDouble())
              .compute(
                  LossBatch.of(
                      miniBatch,
                      part,
                      responses.stream().map(b -> reference[b]).toArray(double[][]::new),
                      responses.stream().mapToDouble(b -> rewards[b]).toArray(),
                      responses.stream().mapToDouble(b -> vStar[b]).toArray()));
      double weight =
          new EntropyBonus(inputs.get("entropy_coeff").asDouble(), mean)
              .tokenWeight(1.0 / miniBatch.tokens(), MiniBatch.of(part), miniBatch);

      Objective objective = new Objective();
      objective.pgLoss = result.loss();
      objective.gradient = new double[responses.size()][labels[0].length][logits[0][0].length];
      for (int i = 0; i < part.length; i++) {
        int b = responses.get(i);
        for (int t = 0; t < part[i].length; t++) {
          Softmax softmax = Softmax.of(logits[b][t], temperature);
          objective.entropySum += softmax.entropy();
          objective.bonus += weight * softmax.entropy();
          double[] fromLoss = softmax.logProbGradient((int) labels[b][t], result.gradient()[i][t]);
          double[] fromEntropy = softmax.entropyGradient(-weight);
          for (int v = 0; v < fromLoss.length; v++) {
            objective.gradient[i][t][v] = fromLoss[v] + fromEntropy[v];
          }
        }
      }
      return objective;
    }
  }

  private static AStarPo loss(JsonNode test) {
    return new AStarPo(test.get("inputs").get("beta2").asDouble());
  }

  /** A padded case without its padding. */
  private static LossBatch batch(JsonNode inputs) {
    int[] lengths =
        Arrays.stream(matrix(inputs.get("mask")))
            .mapToInt(row -> (int) Arrays.stream(row).sum())
            .toArray();
    double[] rewards =
        Arrays.stream(matrix(inputs.get("token_level_rewards")))
            .mapToDouble(row -> Arrays.stream(row).sum())
            .toArray();
    return LossBatch.of(
        withoutPadding(matrix(inputs.get("log_probs")), lengths),
        withoutPadding(matrix(inputs.get("ref_log_probs")), lengths),
        rewards,
        vector(inputs.get("v_star")));
  }

  private static double[][] withoutPadding(double[][] rows, int[] lengths) {
    return IntStream.range(0, rows.length)
        .mapToObj(b -> Arrays.copyOf(rows[b], lengths[b]))
        .toArray(double[][]::new);
  }

  private static LossBatch row(LossBatch batch, int b) {
    return LossBatch.of(
        batch.miniBatch(),
        new double[][] {batch.logProbs()[b]},
        new double[][] {batch.rollouts().referenceLogProbs()[b]},
        new double[] {batch.rollouts().rewards()[b]},
        new double[] {batch.rollouts().vStar()[b]});
  }

  private static double[] probs(double[] theta) {
    Softmax softmax = Softmax.of(theta, 1);
    return IntStream.range(0, theta.length).mapToDouble(softmax::prob).toArray();
  }

  private static void assertMean(LossResult result, String key, JsonNode expected) {
    assertThat(Arrays.stream(result.perSequence().get(key)).average().getAsDouble())
        .isCloseTo(expected.asDouble(), within(TOLERANCE));
  }

  private static void assertClose(double[] actual, double[] expected) {
    assertThat(actual).containsExactly(expected, within(TOLERANCE));
  }
}
