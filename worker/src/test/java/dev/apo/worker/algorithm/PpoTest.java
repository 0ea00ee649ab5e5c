package dev.apo.worker.algorithm;

import static dev.apo.worker.Vectors.matrix;
import static dev.apo.worker.algorithm.LossCases.assertClose;
import static dev.apo.worker.algorithm.LossCases.assertGradient;
import static dev.apo.worker.algorithm.LossCases.assertPartsAddUp;
import static dev.apo.worker.algorithm.LossCases.assertRows;
import static dev.apo.worker.algorithm.LossCases.rows;
import static dev.apo.worker.algorithm.LossCases.unpadded;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.Vectors;
import dev.apo.worker.algorithm.ClippedObjective.Ratio;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PpoTest {
  private static final Gae MONTE_CARLO = new Gae(1, 1);

  static Stream<JsonNode> advantageCases() {
    return Vectors.cases("ppo", "gae_");
  }

  static Stream<JsonNode> policyCases() {
    return Vectors.cases("ppo", "policy_loss_");
  }

  static Stream<JsonNode> valueCases() {
    return Vectors.cases("ppo", "value_loss_");
  }

  @ParameterizedTest
  @MethodSource("advantageCases")
  void givesTheReferenceAdvantagesAndReturns(JsonNode test) {
    JsonNode inputs = test.get("inputs");
    JsonNode expected = test.get("expected");
    RolloutBatch rollouts = rollouts(inputs);
    Ppo loss = loss(inputs);

    Targets targets = loss.targets(rollouts);

    assertRows(targets.advantages(), expected(test, "adv_whitened_masked"));
    assertRows(targets.returns(), expected(test, "returns_masked"));
    double[][] rewards = new double[rollouts.size()][];
    double[][] raw = new double[rollouts.size()][];
    for (int b = 0; b < rewards.length; b++) {
      rewards[b] = loss.objective().kl().tokenRewards(rollouts, b, rollouts.values()[b].length);
      raw[b] = loss.gae().advantages(rewards[b], rollouts.values()[b]);
    }
    assertRows(rewards, expected(test, "token_level_rewards"));
    assertRows(raw, expected(test, "adv_raw_masked"));
    assertClose(Rows.mean(Rows.flat(raw)), expected.get("mean"));
    assertClose(Rows.variance(Rows.flat(raw)), expected.get("unbiased_var"));
  }

  /** The recursion over padded rows whose values behind the end are 0, as older code has it. */
  @ParameterizedTest
  @MethodSource("advantageCases")
  void zeroesBehindTheEndChangeNothing(JsonNode test) {
    JsonNode inputs = test.get("inputs");
    JsonNode older = test.get("expected").get("older_form_with_values_zeroed_after_eos");
    double[][] rewards = matrix(test.get("expected").get("token_level_rewards"));
    double[][] values = matrix(inputs.get("values"));
    double[][] mask = matrix(inputs.get("mask"));
    double[][] raw = new double[rewards.length][];
    double[][] returns = new double[rewards.length][];
    for (int b = 0; b < rewards.length; b++) {
      double[] masked = product(values[b], mask[b]);
      raw[b] = loss(inputs).gae().advantages(rewards[b], masked);
      double[] row = raw[b];
      returns[b] = IntStream.range(0, 6).mapToDouble(t -> row[t] + masked[t]).toArray();
    }

    assertRows(unpadded(inputs, raw), unpadded(inputs, matrix(older.get("adv_raw_masked"))));
    assertRows(unpadded(inputs, returns), unpadded(inputs, matrix(older.get("returns_masked"))));
    assertRows(
        Gae.whiten(unpadded(inputs, raw)),
        unpadded(inputs, matrix(older.get("adv_whitened_masked"))));
  }

  @ParameterizedTest
  @MethodSource("policyCases")
  void givesTheReferencePolicyLossAndGradient(JsonNode test) {
    LossBatch batch = policyBatch(test.get("inputs"));
    JsonNode expected = test.get("expected");

    LossResult result = policyLoss(test).compute(batch);

    assertClose(result.loss(), expected.get("loss"));
    assertRows(result.gradient(), expected(test, "grad_log_prob"));
    assertClose(result.shares().get("actor/pg_clipfrac"), expected.get("clipfrac"));
    assertClose(result.shares().get("actor/ppo_kl"), expected.get("ppo_kl"));
    assertGradient(
        at -> policyLoss(test).compute(LossCases.at(batch, at)).loss(),
        batch.logProbs(),
        result.gradient());
    // One token has a negative advantage and a ratio above 3.
    boolean dual = test.get("inputs").get("clip_ratio_c").isNumber();
    assertThat(result.shares().get("actor/pg_clipfrac_lower") > 0).isEqualTo(dual);
  }

  @ParameterizedTest
  @MethodSource("policyCases")
  void microBatchesAddUpToTheirMiniBatch(JsonNode test) {
    assertPartsAddUp(
        policyLoss(test),
        policyBatch(test.get("inputs")),
        new int[] {3},
        new int[] {2, 1},
        new int[] {0});
  }

  @ParameterizedTest
  @MethodSource("valueCases")
  void givesTheReferenceValueLossAndGradient(JsonNode test) {
    JsonNode inputs = test.get("inputs");
    JsonNode expected = test.get("expected");
    double[][] values = rows(inputs, "vpreds");
    MiniBatch size = MiniBatch.of(values);
    ValueLoss loss = new ValueLoss(inputs.get("cliprange_value").asDouble());

    LossResult result = loss.compute(size, values, valued(inputs), returns(inputs));

    assertClose(result.loss(), expected.get("loss"));
    assertRows(result.gradient(), expected(test, "grad_vpreds"));
    assertThat(result.shares()).containsEntry("critic/vf_loss", result.loss());
    assertClose(result.shares().get("critic/vf_clipfrac"), expected.get("clipfrac"));
    assertThat(result.shares().get("critic/vpred_mean"))
        .isCloseTo(Rows.mean(Rows.flat(values)), within(1e-12));
    assertGradient(
        at -> loss.compute(size, at, valued(inputs), returns(inputs)).loss(),
        values,
        result.gradient());
  }

  @ParameterizedTest
  @MethodSource("valueCases")
  void valueLossesOfMicroBatchesAddUp(JsonNode test) {
    JsonNode inputs = test.get("inputs");
    double[][] values = rows(inputs, "vpreds");
    MiniBatch size = MiniBatch.of(values);
    ValueLoss loss = new ValueLoss(inputs.get("cliprange_value").asDouble());
    LossResult whole = loss.compute(size, values, valued(inputs), returns(inputs));

    double sum = 0;
    for (int[] part : new int[][] {{3, 1}, {0}, {2}}) {
      LossResult result =
          loss.compute(
              size, Rows.of(values, part), valued(inputs).rows(part), returns(inputs).rows(part));
      sum += result.loss();
      assertRows(result.gradient(), Rows.of(whole.gradient(), part));
    }

    assertThat(sum).isCloseTo(whole.loss(), within(1e-12));
  }

  @Test
  void anInfiniteClipLeavesTheSquaredError() {
    JsonNode inputs = Vectors.onlyCase("ppo", "value_loss_cliprange_0.2").get("inputs");
    double[][] values = rows(inputs, "vpreds");

    LossResult result =
        new ValueLoss(Double.POSITIVE_INFINITY)
            .compute(MiniBatch.of(values), values, valued(inputs), returns(inputs));

    double[] errors = new double[14];
    double[] flat = Rows.flat(values);
    double[] targets = Rows.flat(returns(inputs).returns());
    Arrays.setAll(errors, t -> flat[t] - targets[t]);
    assertThat(result.loss())
        .isCloseTo(
            Arrays.stream(errors).map(e -> e * e / 2).average().orElseThrow(), within(1e-12));
    assertClose(Rows.flat(result.gradient()), Arrays.stream(errors).map(e -> e / 14).toArray());
  }

  @Test
  void showsHowMuchOfTheReturnsTheCriticExplains() {
    RolloutBatch right =
        new RolloutBatch(null, null, new double[] {1, 0}, null, new double[][] {{1, 1}, {0}}, null);
    RolloutBatch blind =
        new RolloutBatch(null, null, new double[] {1, 0}, null, new double[][] {{0, 0}, {0}}, null);
    Ppo loss = new Ppo(MONTE_CARLO, objective(KlPenalty.NONE), new ValueLoss(0.5));

    assertThat(loss.targets(right).figures().get("critic/vf_explained_var"))
        .isCloseTo(1, within(1e-12));
    assertThat(loss.targets(blind).figures().get("critic/vf_explained_var"))
        .isCloseTo(0, within(1e-4));
    assertClose(loss.targets(blind).distributions().get("critic/returns"), new double[] {1, 1, 0});
    assertThat(loss.targets(blind).figures()).doesNotContainKey("actor/reward_kl_penalty");
  }

  @ParameterizedTest
  @MethodSource("advantageCases")
  void showsTheDivergenceThatTheRewardIsChargedFor(JsonNode test) {
    RolloutBatch rollouts = rollouts(test.get("inputs"));
    double kl = 0;
    for (int b = 0; b < 4; b++) {
      kl += Rows.meanDifference(rollouts.oldLogProbs()[b], rollouts.referenceLogProbs()[b]) / 4;
    }

    Map<String, Double> figures = loss(test.get("inputs")).targets(rollouts).figures();

    if (test.get("inputs").get("kl_coef").asDouble() == 0) {
      assertThat(figures).doesNotContainKey("actor/reward_kl_penalty");
    } else {
      assertThat(figures.get("actor/reward_kl_penalty")).isCloseTo(kl, within(1e-12));
    }
  }

  @ParameterizedTest
  @MethodSource("policyCases")
  void anEntropyBonusIsAveragedLikeTheLoss(JsonNode test) {
    double[] lengths = {4, 6, 1, 3};
    double[] weights =
        Arrays.stream(lengths)
            .map(length -> policyLoss(test).tokenWeight((int) length, new MiniBatch(4, 14)))
            .toArray();
    double[] expected =
        switch (test.get("inputs").get("loss_agg_mode").asText()) {
          case "token-mean" -> new double[] {1 / 14., 1 / 14., 1 / 14., 1 / 14.};
          case "seq-mean-token-sum" -> new double[] {0.25, 0.25, 0.25, 0.25};
          case "seq-mean-token-mean" -> new double[] {1 / 16., 1 / 24., 1 / 4., 1 / 12.};
          default -> new double[] {1 / 24., 1 / 24., 1 / 24., 1 / 24.};
        };
    assertClose(weights, expected);
    assertThat(new AStarPo(1).tokenWeight(4, new MiniBatch(4, 14))).isEqualTo(1 / 14.);
  }

  @Test
  void oneTokenIsWhitenedToNothing() {
    assertRows(Gae.whiten(new double[][] {{3}, {}}), new double[][] {{0}, {}});
  }

  @Test
  void aKlPenaltyInTheLossHasItsGradient() {
    JsonNode test = Vectors.onlyCase("ppo", "policy_loss_lo0.2_hi0.2_c3.0_token-mean");
    JsonNode inputs = test.get("inputs");
    double[][] reference =
        rows(
            Vectors.onlyCase("ppo", "gae_gamma_1.0_lambda_1.0_klcoef_0.0").get("inputs"),
            "ref_log_prob");
    LossBatch plain = policyBatch(inputs);
    LossBatch batch =
        new LossBatch(
            plain.miniBatch(),
            plain.logProbs(),
            new RolloutBatch(plain.oldLogProbs(), reference, new double[4], null, null, null),
            plain.targets());
    for (KlEstimator estimator :
        new KlEstimator[] {KlEstimator.K2, KlEstimator.K3, KlEstimator.K3_CLAMPED}) {
      Ppo loss =
          new Ppo(MONTE_CARLO, objective(KlPenalty.inLoss(estimator, 0.3)), new ValueLoss(0.5));
      LossResult result = loss.compute(batch);
      assertGradient(
          at -> loss.compute(LossCases.at(batch, at)).loss(), batch.logProbs(), result.gradient());
      assertThat(result.loss() - result.shares().get("actor/pg_loss"))
          .isCloseTo(0.3 * result.shares().get("actor/kl_loss"), within(1e-12));
    }
  }

  @Test
  void beyondTheClampOfTheRatioThereIsNoGradient() {
    ClipRange.Objective far = ClipRange.of(0.2, 0.2).at(21, -1);
    assertThat(far.loss()).isEqualTo(Math.exp(20));
    assertThat(far.gradient()).isZero();
    assertThat(far.clipped()).isFalse();
    assertThat(new ClipRange(0.2, 0.2, 3).at(19, -1))
        .isEqualTo(new ClipRange.Objective(3, 0, false, true));
  }

  @Test
  void asksForWhatItNeeds() {
    Ppo inReward = new Ppo(MONTE_CARLO, objective(KlPenalty.inReward(0.001)), new ValueLoss(0.5));
    Ppo inLoss =
        new Ppo(
            MONTE_CARLO, objective(KlPenalty.inLoss(KlEstimator.K3, 0.001)), new ValueLoss(0.5));

    assertThat(inReward.inputs()).containsExactly(Loss.Input.OLD_LOG_PROBS);
    assertThat(inReward.targetInputs())
        .containsExactlyInAnyOrder(
            Loss.Input.OLD_LOG_PROBS, Loss.Input.REFERENCE_LOG_PROBS, Loss.Input.VALUES);
    assertThat(inLoss.inputs())
        .containsExactlyInAnyOrder(Loss.Input.OLD_LOG_PROBS, Loss.Input.REFERENCE_LOG_PROBS);
    assertThat(inLoss.targetInputs()).containsExactly(Loss.Input.VALUES);
    assertThat(inLoss.valueLoss()).contains(new ValueLoss(0.5));
    assertThat(inLoss.keeps(1, 1)).isTrue();
  }

  @Test
  void refusesABatchWithoutWhatItAsksFor() {
    Ppo loss = new Ppo(MONTE_CARLO, objective(KlPenalty.NONE), new ValueLoss(0.5));
    RolloutBatch bare = new RolloutBatch(null, null, new double[1], null, null, null);
    assertThatThrownBy(() -> loss.targets(bare))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("values");
    assertThatThrownBy(
            () -> loss.critic().compute(new MiniBatch(1, 1), new double[1][1], bare, Targets.NONE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("values");
    assertThatThrownBy(() -> new Gae(1.1, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ValueLoss(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ClipRange(0.2, 0.2, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> KlPenalty.inReward(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  private static double[][] expected(JsonNode test, String name) {
    return unpadded(test.get("inputs"), matrix(test.get("expected").get(name)));
  }

  private static double[] product(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(t -> a[t] * b[t]).toArray();
  }

  private static ClippedObjective objective(KlPenalty kl) {
    return new ClippedObjective(
        new ClipRange(0.2, 0.2, 3), Ratio.TOKEN, Aggregation.TOKEN_MEAN, 1, kl);
  }

  private static Ppo loss(JsonNode inputs) {
    return new Ppo(
        new Gae(inputs.get("gamma").asDouble(), inputs.get("lambda").asDouble()),
        objective(KlPenalty.inReward(inputs.get("kl_coef").asDouble())),
        new ValueLoss(0.5));
  }

  private static RolloutBatch rollouts(JsonNode inputs) {
    return new RolloutBatch(
        rows(inputs, "old_log_prob"),
        rows(inputs, "ref_log_prob"),
        LossCases.sums(rows(inputs, "token_level_scores")),
        null,
        rows(inputs, "values"),
        null);
  }

  private static Ppo policyLoss(JsonNode test) {
    JsonNode inputs = test.get("inputs");
    JsonNode dual = inputs.get("clip_ratio_c");
    return new Ppo(
        MONTE_CARLO,
        new ClippedObjective(
            new ClipRange(
                inputs.get("clip_low").asDouble(),
                inputs.get("clip_high").asDouble(),
                dual.asDouble(Double.POSITIVE_INFINITY)),
            Ratio.TOKEN,
            LossCases.aggregation(inputs),
            inputs.get("max_response_length").asInt(),
            KlPenalty.NONE),
        new ValueLoss(0.5));
  }

  private static LossBatch policyBatch(JsonNode inputs) {
    double[][] logProbs = rows(inputs, "log_prob");
    return new LossBatch(
        MiniBatch.of(logProbs),
        logProbs,
        new RolloutBatch(rows(inputs, "old_log_prob"), null, new double[4], null, null, null),
        new Targets(rows(inputs, "advantages"), null, Map.of(), Map.of()));
  }

  private static RolloutBatch valued(JsonNode inputs) {
    return new RolloutBatch(null, null, new double[4], null, rows(inputs, "old_values"), null);
  }

  private static Targets returns(JsonNode inputs) {
    return new Targets(null, rows(inputs, "returns"), Map.of(), Map.of());
  }
}
