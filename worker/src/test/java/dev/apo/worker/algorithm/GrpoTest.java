package dev.apo.worker.algorithm;

import static dev.apo.worker.Vectors.matrix;
import static dev.apo.worker.Vectors.vector;
import static dev.apo.worker.algorithm.LossCases.assertClose;
import static dev.apo.worker.algorithm.LossCases.assertGradient;
import static dev.apo.worker.algorithm.LossCases.assertPartsAddUp;
import static dev.apo.worker.algorithm.LossCases.assertRows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.Vectors;
import dev.apo.worker.algorithm.ClippedObjective.Ratio;
import dev.apo.worker.algorithm.GroupAdvantage.Baseline;
import dev.apo.worker.algorithm.GroupAdvantage.Scale;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class GrpoTest {
  private static final JsonNode ADVANTAGES = Vectors.onlyCase("grpo", "advantages");
  private static final GroupAdvantage STANDARD =
      new GroupAdvantage(Baseline.GROUP_MEAN, Scale.GROUP, 1e-6);

  static Stream<JsonNode> tokenCases() {
    return Vectors.cases("grpo").filter(c -> c.get("inputs").has("loss_agg_mode"));
  }

  @ParameterizedTest
  @CsvSource({
    "GROUP_MEAN, GROUP, 1e-6, 13, verl_std_eps_1e-6",
    "GROUP_MEAN, NONE, 1e-6, 13, dr_grpo_no_std",
    "GROUP_MEAN, GROUP, 1e-4, 12, trl_std_eps_1e-4_groups_of_4_only",
    "GROUP_MEAN, BATCH, 1e-4, 12, trl_batch_std_groups_of_4_only",
    "LEAVE_ONE_OUT, NONE, 1e-6, 12, rloo_groups_of_4_only"
  })
  void givesTheReferenceAdvantages(
      Baseline baseline, Scale scale, double epsilon, int responses, String expected) {
    double[] rewards = Arrays.copyOf(vector(ADVANTAGES.get("inputs").get("rewards")), responses);
    int[] groups = Arrays.copyOf(groups(), responses);

    assertClose(
        new GroupAdvantage(baseline, scale, epsilon).of(rewards, groups),
        vector(ADVANTAGES.get("expected").get(expected)));
  }

  @Test
  void dynamicSamplingKeepsGroupsOfDifferentRewards() {
    double[] rewards = vector(ADVANTAGES.get("inputs").get("rewards"));
    List<int[]> groups = GroupAdvantage.members(Arrays.copyOf(groups(), 12));
    Grpo dapo = grpo(STANDARD, objective(0.2, 0.28, Aggregation.TOKEN_MEAN), true);
    Grpo other = grpo(STANDARD, objective(0.2, 0.2, Aggregation.TOKEN_MEAN), false);

    int[] kept =
        IntStream.range(0, groups.size())
            .filter(g -> dapo.keeps(Rows.of(rewards, groups.get(g))))
            .toArray();

    assertThat(Arrays.stream(kept).asDoubleStream().toArray())
        .containsExactly(
            vector(ADVANTAGES.get("expected").get("dapo_dynamic_sampling_kept_groups")));
    assertThat(dapo.keeps(0.5)).isTrue();
    assertThat(other.keeps(1, 1)).isTrue();
  }

  @ParameterizedTest
  @MethodSource("tokenCases")
  void givesTheReferenceLossAndGradient(JsonNode test) {
    LossBatch batch = batch(test.get("inputs"), advantagesOf(test));

    LossResult result = tokenLoss(test).compute(batch);

    assertClose(result.loss(), test.get("expected").get("loss"));
    assertRows(result.gradient(), gradient(test));
    assertGradient(
        at -> tokenLoss(test).compute(LossCases.at(batch, at)).loss(),
        batch.logProbs(),
        result.gradient());
  }

  @ParameterizedTest
  @MethodSource("tokenCases")
  void advantagesComeFromTheGroup(JsonNode test) {
    GroupAdvantage advantage =
        test.get("name").asText().startsWith("dr_grpo")
            ? new GroupAdvantage(Baseline.GROUP_MEAN, Scale.NONE, 1e-6)
            : STANDARD;
    RolloutBatch rollouts = batch(test.get("inputs"), null).rollouts();

    Targets targets = grpo(advantage, tokenLoss(test).objective(), false).targets(rollouts);

    double[][] expected = LossCases.rows(test.get("inputs"), "advantages");
    for (int b = 0; b < expected.length; b++) {
      for (int t = 0; t < expected[b].length; t++) {
        assertThat(targets.advantage(b, t)).isCloseTo(expected[b][t], within(1e-9));
      }
    }
    assertThat(targets.figures()).containsEntry("critic/zero_std_groups", 0.0);
    assertClose(targets.distributions().get("critic/group_std"), new double[] {Math.sqrt(1.0 / 3)});
  }

  @ParameterizedTest
  @MethodSource("tokenCases")
  void microBatchesAddUpToTheirMiniBatch(JsonNode test) {
    assertPartsAddUp(
        tokenLoss(test),
        batch(test.get("inputs"), advantagesOf(test)),
        new int[] {2},
        new int[] {3, 0},
        new int[] {1});
  }

  @Test
  void aSequenceRatioGivesTheReferenceLossAndGradient() {
    JsonNode test = Vectors.onlyCase("grpo", "gspo_sequence_ratio");
    JsonNode inputs = test.get("inputs");
    JsonNode expected = test.get("expected");
    LossBatch batch = batch(inputs, column(vector(inputs.get("advantages_per_sequence"))));
    Grpo gspo =
        grpo(
            STANDARD,
            new ClippedObjective(
                clip(inputs), Ratio.SEQUENCE, Aggregation.SEQ_MEAN_TOKEN_MEAN, 1, KlPenalty.NONE),
            false);

    LossResult result = gspo.compute(batch);

    assertClose(result.loss(), expected.get("loss"));
    assertRows(result.gradient(), gradient(test));
    assertGradient(
        at -> gspo.compute(LossCases.at(batch, at)).loss(), batch.logProbs(), result.gradient());
    double[] ratios =
        IntStream.range(0, batch.size())
            .mapToDouble(
                b -> Math.exp(Rows.meanDifference(batch.logProbs()[b], batch.oldLogProbs()[b])))
            .toArray();
    assertClose(ratios, vector(expected.get("sequence_ratio")));
    assertPartsAddUp(gspo, batch, new int[] {0}, new int[] {1, 2, 3});
  }

  @Test
  void theFirstStepNeedsNoLogProbsOfTheOldPolicy() {
    JsonNode test = Vectors.onlyCase("grpo", "dapo_clip_higher_token_mean_no_kl");
    LossBatch batch = batch(test.get("inputs"), advantagesOf(test));
    RolloutBatch without =
        new RolloutBatch(null, null, batch.rollouts().rewards(), null, null, null);
    RolloutBatch with =
        new RolloutBatch(batch.logProbs(), null, batch.rollouts().rewards(), null, null, null);

    LossResult result = tokenLoss(test).compute(batch(batch, without));

    assertThat(result)
        .usingRecursiveComparison()
        .isEqualTo(tokenLoss(test).compute(batch(batch, with)));
    assertThat(result.shares())
        .containsEntry("actor/ppo_kl", 0.0)
        .containsEntry("actor/pg_clipfrac", 0.0)
        .doesNotContainKey("critic/kl");
    assertThat(result.gradient()[0][0]).isCloseTo(-0.8660239037870368 / 14, within(1e-12));
  }

  @Test
  void showsWhatIsClippedAndHowFarThePolicyWent() {
    JsonNode test = Vectors.onlyCase("grpo", "grpo_verl_default_kl_loss");
    LossBatch batch = batch(test.get("inputs"), advantagesOf(test));

    Map<String, Double> shares = tokenLoss(test).compute(batch).shares();

    double[] ratios = new double[14];
    double[] logProbs = Rows.flat(batch.logProbs());
    double[] old = Rows.flat(batch.oldLogProbs());
    double[] reference = Rows.flat(batch.rollouts().referenceLogProbs());
    Arrays.setAll(ratios, t -> Math.exp(logProbs[t] - old[t]));
    // Above the range with a positive advantage (first and last row), below it with a negative one.
    long clipped =
        IntStream.range(0, 14)
            .filter(t -> t < 4 || t > 10 ? ratios[t] > 1.2 : ratios[t] < 0.8)
            .count();
    assertThat(clipped).isPositive();
    assertThat(shares.get("actor/pg_clipfrac")).isCloseTo(clipped / 14.0, within(1e-12));
    assertThat(shares.get("actor/ppo_kl"))
        .isCloseTo(-Rows.meanDifference(logProbs, old), within(1e-12));
    double k3 =
        IntStream.range(0, 14)
            .mapToDouble(t -> KlEstimator.K3.value(logProbs[t] - reference[t]))
            .average()
            .getAsDouble();
    assertThat(shares.get("actor/kl_loss")).isCloseTo(k3, within(1e-12));
    assertThat(shares.get("actor/pg_loss") + 0.001 * k3)
        .isCloseTo(test.get("expected").get("loss").asDouble(), within(1e-9));
    assertThat(shares).containsKey("critic/kl");
  }

  @Test
  void aKlPenaltyInTheRewardChangesAdvantages() {
    RolloutBatch rollouts =
        new RolloutBatch(
            new double[][] {{-1, -1}, {-2}},
            new double[][] {{-2, -1.5}, {-2}},
            new double[] {1, 0.5},
            null,
            null,
            new int[] {7, 7});
    Grpo loss =
        grpo(
            new GroupAdvantage(Baseline.GROUP_MEAN, Scale.NONE, 1e-6),
            new ClippedObjective(
                ClipRange.of(0.2, 0.2),
                Ratio.TOKEN,
                Aggregation.TOKEN_MEAN,
                1,
                KlPenalty.inReward(0.2)),
            false);

    // 1 − 0.2 · 1.5 against 0.5.
    assertClose(
        loss.targets(rollouts).distributions().get("critic/advantages"), new double[] {0.1, -0.1});
    assertThat(loss.targets(rollouts).figures().get("actor/reward_kl_penalty"))
        .isCloseTo(0.375, within(1e-12));
    assertThat(loss.targetInputs())
        .containsExactlyInAnyOrder(
            Loss.Input.OLD_LOG_PROBS, Loss.Input.REFERENCE_LOG_PROBS, Loss.Input.GROUPS);
    assertThat(loss.inputs()).containsExactly(Loss.Input.OLD_LOG_PROBS);
    RolloutBatch bare = new RolloutBatch(null, null, new double[2], null, null, rollouts.groups());
    assertThatThrownBy(() -> loss.targets(bare))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("KL penalty");
  }

  @Test
  void equalRewardsGiveNoAdvantage() {
    RolloutBatch rollouts =
        new RolloutBatch(null, null, new double[] {1, 1, 0, 1}, null, null, new int[] {0, 0, 1, 1});

    Targets targets =
        grpo(STANDARD, objective(0.2, 0.2, Aggregation.TOKEN_MEAN), false).targets(rollouts);

    assertThat(targets.figures()).containsEntry("critic/zero_std_groups", 0.5);
    assertThat(targets.advantages()[0]).containsExactly(0);
    assertThat(targets.advantage(3, 5)).isPositive();
  }

  @Test
  void asksForTheReferenceOnlyWhereDivergenceCosts() {
    Grpo without = grpo(STANDARD, objective(0.2, 0.2, Aggregation.TOKEN_MEAN), false);
    Grpo with = tokenLoss(Vectors.onlyCase("grpo", "grpo_verl_default_kl_loss"));

    assertThat(without.inputs()).containsExactly(Loss.Input.OLD_LOG_PROBS);
    assertThat(without.targetInputs()).containsExactly(Loss.Input.GROUPS);
    assertThat(with.inputs())
        .containsExactlyInAnyOrder(Loss.Input.OLD_LOG_PROBS, Loss.Input.REFERENCE_LOG_PROBS);
    assertThat(with.couplesGroups()).isFalse();
    assertThat(with.valueLoss()).isEmpty();
  }

  @Test
  void refusesABatchWithoutWhatItAsksFor() {
    Grpo loss = tokenLoss(Vectors.onlyCase("grpo", "grpo_verl_default_kl_loss"));
    RolloutBatch rollouts = new RolloutBatch(null, null, new double[1], null, null, null);
    double[][] logProbs = {{-1}};
    MiniBatch miniBatch = MiniBatch.of(logProbs);
    assertThatThrownBy(() -> loss.targets(rollouts))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("groups");
    assertThatThrownBy(
            () -> loss.compute(new LossBatch(miniBatch, logProbs, rollouts, Targets.NONE)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("advantages");
    assertThatThrownBy(
            () ->
                loss.compute(
                    new LossBatch(miniBatch, logProbs, rollouts, advantages(new double[][] {{1}}))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("reference");
  }

  private static int[] groups() {
    return Arrays.stream(vector(ADVANTAGES.get("inputs").get("group")))
        .mapToInt(g -> (int) g)
        .toArray();
  }

  private static double[][] gradient(JsonNode test) {
    return LossCases.unpadded(
        test.get("inputs"), matrix(test.get("expected").get("grad_log_prob")));
  }

  private static double[][] column(double[] values) {
    return Arrays.stream(values).mapToObj(v -> new double[] {v}).toArray(double[][]::new);
  }

  private static double[][] advantagesOf(JsonNode test) {
    return LossCases.rows(test.get("inputs"), "advantages");
  }

  private static ClipRange clip(JsonNode inputs) {
    return ClipRange.of(inputs.get("clip_low").asDouble(), inputs.get("clip_high").asDouble());
  }

  private static ClippedObjective objective(double low, double high, Aggregation aggregation) {
    return new ClippedObjective(
        ClipRange.of(low, high), Ratio.TOKEN, aggregation, 1, KlPenalty.NONE);
  }

  private static Grpo grpo(
      GroupAdvantage advantage, ClippedObjective objective, boolean dynamicSampling) {
    return new Grpo(advantage, objective, dynamicSampling);
  }

  private static Grpo tokenLoss(JsonNode test) {
    JsonNode inputs = test.get("inputs");
    return grpo(
        STANDARD,
        new ClippedObjective(
            clip(inputs),
            Ratio.TOKEN,
            LossCases.aggregation(inputs),
            inputs.get("length_constant").asInt(1),
            KlPenalty.inLoss(KlEstimator.K3, inputs.get("kl_coef").asDouble())),
        false);
  }

  /** One group of rewards 1, 0, 0, 1, as in the cases. */
  private static LossBatch batch(JsonNode inputs, double[][] advantages) {
    double[][] logProbs = LossCases.rows(inputs, "log_prob");
    return new LossBatch(
        MiniBatch.of(logProbs),
        logProbs,
        new RolloutBatch(
            LossCases.rows(inputs, "old_log_prob"),
            inputs.has("ref_log_prob") ? LossCases.rows(inputs, "ref_log_prob") : null,
            new double[] {1, 0, 0, 1},
            null,
            null,
            new int[4]),
        advantages(advantages));
  }

  private static LossBatch batch(LossBatch batch, RolloutBatch rollouts) {
    return new LossBatch(batch.miniBatch(), batch.logProbs(), rollouts, batch.targets());
  }

  private static Targets advantages(double[][] advantages) {
    return new Targets(advantages, null, Map.of(), Map.of());
  }
}
