package dev.apo.worker.algorithm;

import static dev.apo.worker.Vectors.matrix;
import static dev.apo.worker.Vectors.vector;
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
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RebelTest {
  static Stream<JsonNode> cases() {
    return Vectors.cases("rebel");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void givesTheReferenceLossAndGradient(JsonNode test) {
    LossBatch batch = batch(test.get("inputs"));
    JsonNode expected = test.get("expected");

    LossResult result = loss(test).compute(batch);

    assertClose(result.loss(), expected.get("loss"));
    assertThat(result.shares()).containsEntry("actor/pg_loss", result.loss());
    assertRows(
        result.gradient(), unpadded(test.get("inputs"), matrix(expected.get("grad_log_prob"))));
    assertGradient(
        at -> loss(test).compute(LossCases.at(batch, at)).loss(),
        batch.logProbs(),
        result.gradient());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void showsResidualsRewardsAndLogRatiosOfPairs(JsonNode test) {
    LossBatch batch = batch(test.get("inputs"));
    JsonNode expected = test.get("expected");
    double[] residuals = vector(expected.get("residual"));
    double[] rewards = vector(expected.get("rewards"));
    double[] logRatios = vector(expected.get("log_ratio_sum"));

    LossResult result = loss(test).compute(batch);

    assertClose(
        result.perSequence().get("actor/squared_residual"),
        Arrays.stream(residuals).map(r -> r * r).toArray());
    assertClose(
        result.perSequence().get("critic/reward_gap"),
        new double[] {Math.abs(rewards[0] - rewards[1]), Math.abs(rewards[2] - rewards[3])});
    assertThat(result.shares().get("actor/ppo_kl"))
        .isCloseTo(-Arrays.stream(logRatios).sum() / 14, within(1e-9));
    assertClose(
        KlPenalty.inReward(test.get("inputs").get("kl_coef").asDouble())
            .shapedRewards(batch.rollouts(), batch.rollouts().oldLogProbs()),
        rewards);
    assertClose(
        IntStream.range(0, 4)
            .mapToDouble(b -> Rows.difference(batch.logProbs()[b], batch.oldLogProbs()[b]))
            .toArray(),
        logRatios);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void microBatchesOfWholePairsAddUpToTheirMiniBatch(JsonNode test) {
    assertThat(loss(test).couplesGroups()).isTrue();
    assertPartsAddUp(loss(test), batch(test.get("inputs")), new int[] {0, 1}, new int[] {3, 2});
  }

  @Test
  void theFirstStepRegressesOnTheRewardsAlone() {
    LossBatch batch =
        new LossBatch(
            new MiniBatch(2, 3),
            new double[][] {{-1, -2}, {-3}},
            new RolloutBatch(null, null, new double[] {1, 0}, null, null, new int[] {4, 4}),
            Targets.NONE);

    LossResult result = new Rebel(0.5, 0).compute(batch);

    assertThat(result.loss()).isCloseTo(0.25, within(1e-12));
    assertRows(result.gradient(), new double[][] {{-1, -1}, {1}});
    assertThat(result.shares()).containsEntry("actor/ppo_kl", 0.0).doesNotContainKey("critic/kl");
  }

  @Test
  void asksForTheReferenceOnlyWhereDivergenceCosts() {
    assertThat(new Rebel(1, 0).inputs())
        .containsExactlyInAnyOrder(Loss.Input.OLD_LOG_PROBS, Loss.Input.GROUPS);
    assertThat(new Rebel(1, 0.05).inputs()).contains(Loss.Input.REFERENCE_LOG_PROBS);
  }

  @Test
  void refusesWhatIsNotPairs() {
    double[][] logProbs = {{-1}, {-1}, {-1}};
    var three = new RolloutBatch(logProbs, null, new double[3], null, null, new int[3]);
    var none = new RolloutBatch(logProbs, null, new double[3], null, null, null);
    var size = MiniBatch.of(logProbs);
    Rebel loss = new Rebel(1, 0);
    assertThatThrownBy(() -> loss.compute(new LossBatch(size, logProbs, three, Targets.NONE)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("pairs");
    assertThatThrownBy(() -> loss.compute(new LossBatch(size, logProbs, none, Targets.NONE)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("groups");
    assertThatThrownBy(() -> new Rebel(0, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  private static Rebel loss(JsonNode test) {
    JsonNode inputs = test.get("inputs");
    return new Rebel(inputs.get("eta").asDouble(), inputs.get("kl_coef").asDouble());
  }

  private static LossBatch batch(JsonNode inputs) {
    double[][] pairs = matrix(inputs.get("pairs"));
    int[] groups = new int[4];
    for (int p = 0; p < pairs.length; p++) {
      groups[(int) pairs[p][0]] = p;
      groups[(int) pairs[p][1]] = p;
    }
    double[][] logProbs = rows(inputs, "log_prob");
    return new LossBatch(
        MiniBatch.of(logProbs),
        logProbs,
        new RolloutBatch(
            rows(inputs, "old_log_prob"),
            rows(inputs, "ref_log_prob"),
            vector(inputs.get("scores")),
            null,
            null,
            groups),
        Targets.NONE);
  }
}
