package dev.apo.worker.algorithm;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * REBEL (arXiv 2404.16767): a least-squares regression of the difference of two responses'
 * log-ratios on the difference of their rewards,
 *
 * <pre>L = mean over pairs of ( Δ(y) − Δ(y') − eta · (r − r') )²,  Δ = Σ_t (log π − log π_old)_t
 * </pre>
 *
 * <p>It is the paper's loss times eta², as in the released code. Every token of a response has the
 * same gradient, {@code ± 2 · residual / pairs}.
 *
 * @param eta nats of log-ratio that a unit of reward is worth; positive
 * @param klCoefficient what a reward is charged per nat of log π_old − log π_ref; 0 for nothing
 */
public record Rebel(double eta, double klCoefficient) implements Loss {
  public Rebel {
    if (!(eta > 0) || Double.isInfinite(eta)) {
      throw new IllegalArgumentException("eta must be positive: " + eta);
    }
  }

  @Override
  public Set<Input> inputs() {
    Set<Input> inputs = EnumSet.of(Input.OLD_LOG_PROBS, Input.GROUPS);
    if (klCoefficient > 0) {
      inputs.add(Input.REFERENCE_LOG_PROBS);
    }
    return inputs;
  }

  @Override
  public boolean couplesGroups() {
    return true;
  }

  @Override
  public LossResult compute(LossBatch batch) {
    RolloutBatch rollouts = batch.rollouts();
    if (rollouts.groups() == null) {
      throw new IllegalArgumentException("REBEL needs groups");
    }
    List<int[]> pairs = GroupAdvantage.members(rollouts.groups());
    double[][] old = batch.oldLogProbs();
    double[] rewards = KlPenalty.inReward(klCoefficient).shapedRewards(rollouts, old);
    double[][] gradient = new double[batch.size()][];
    double[] squaredResiduals = new double[pairs.size()];
    double[] rewardGaps = new double[pairs.size()];
    double pairsInAll = batch.miniBatch().sequences() / 2.0;
    double oldKl = 0;
    for (int p = 0; p < pairs.size(); p++) {
      int[] pair = pairs.get(p);
      if (pair.length != 2) {
        throw new IllegalArgumentException("REBEL needs pairs, not a group of " + pair.length);
      }
      int one = pair[0];
      int other = pair[1];
      double logRatio = Rows.difference(batch.logProbs()[one], old[one]);
      double otherLogRatio = Rows.difference(batch.logProbs()[other], old[other]);
      double rewardGap = rewards[one] - rewards[other];
      double residual = logRatio - otherLogRatio - eta * rewardGap;
      gradient[one] = filled(batch.logProbs()[one].length, 2 * residual / pairsInAll);
      gradient[other] = filled(batch.logProbs()[other].length, -2 * residual / pairsInAll);
      squaredResiduals[p] = residual * residual;
      rewardGaps[p] = Math.abs(rewardGap);
      oldKl -= logRatio + otherLogRatio;
    }
    double loss = Arrays.stream(squaredResiduals).sum() / pairsInAll;
    return new LossResult(
        loss,
        gradient,
        shares(batch, loss, oldKl),
        Map.of("actor/squared_residual", squaredResiduals, "critic/reward_gap", rewardGaps));
  }

  private static Map<String, Double> shares(LossBatch batch, double loss, double oldKl) {
    double ppoKl = oldKl / Math.max(1, batch.miniBatch().tokens());
    return batch.rollouts().referenceLogProbs() == null
        ? Map.of("actor/pg_loss", loss, "actor/ppo_kl", ppoKl)
        : Map.of("actor/pg_loss", loss, "actor/ppo_kl", ppoKl, "critic/kl", batch.klShare());
  }

  private static double[] filled(int length, double value) {
    double[] row = new double[length];
    Arrays.fill(row, value);
    return row;
  }
}
