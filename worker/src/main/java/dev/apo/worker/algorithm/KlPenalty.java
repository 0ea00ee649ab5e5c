package dev.apo.worker.algorithm;

import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * What divergence from the reference policy costs.
 *
 * @param place where it is charged
 * @param estimator of the divergence in the loss; the reward is charged log π_old − log π_ref
 * @param coefficient per nat; 0 charges nothing
 */
public record KlPenalty(Place place, KlEstimator estimator, double coefficient) {
  /** Nothing is charged. */
  public static final KlPenalty NONE = inLoss(KlEstimator.K3, 0);

  /** Where a penalty is charged. */
  public enum Place {
    /** In the reward, before advantages: no gradient flows through it. */
    REWARD,
    /** In the loss, beside the objective. */
    LOSS
  }

  public KlPenalty {
    if (!(coefficient >= 0) || Double.isInfinite(coefficient)) {
      throw new IllegalArgumentException("a KL coefficient of " + coefficient);
    }
  }

  public static KlPenalty inLoss(KlEstimator estimator, double coefficient) {
    return new KlPenalty(Place.LOSS, estimator, coefficient);
  }

  public static KlPenalty inReward(double coefficient) {
    return new KlPenalty(Place.REWARD, KlEstimator.K1, coefficient);
  }

  boolean inReward() {
    return coefficient > 0 && place == Place.REWARD;
  }

  boolean inLoss() {
    return coefficient > 0 && place == Place.LOSS;
  }

  /** What it takes to charge the reward. */
  Set<Loss.Input> targetInputs() {
    return inReward()
        ? EnumSet.of(Loss.Input.OLD_LOG_PROBS, Loss.Input.REFERENCE_LOG_PROBS)
        : EnumSet.noneOf(Loss.Input.class);
  }

  /**
   * [B] the rewards less the penalty of whole responses, {@code coefficient · Σ_t (log π_old − log
   * π_ref)}, where it is charged in the reward.
   *
   * @param oldLogProbs [B][T_b] under the policy that sampled
   */
  double[] shapedRewards(RolloutBatch batch, double[][] oldLogProbs) {
    checkRewardInputs(batch, oldLogProbs);
    double[] shaped = batch.rewards().clone();
    for (int b = 0; inReward() && b < shaped.length; b++) {
      shaped[b] -= coefficient * Rows.difference(oldLogProbs[b], batch.referenceLogProbs()[b]);
    }
    return shaped;
  }

  /**
   * [T] the rewards of one response's tokens: its reward on the last, less the penalty of each
   * where it is charged in the reward.
   *
   * @param b the response
   * @param length its number of tokens
   */
  double[] tokenRewards(RolloutBatch batch, int b, int length) {
    checkRewardInputs(batch, batch.oldLogProbs());
    double[] rewards = new double[length];
    for (int t = 0; inReward() && t < length; t++) {
      rewards[t] = -coefficient * (batch.oldLogProbs()[b][t] - batch.referenceLogProbs()[b][t]);
    }
    if (length > 0) {
      rewards[length - 1] += batch.rewards()[b];
    }
    return rewards;
  }

  /** What the reward is charged for, by metric key; nothing if it is charged nothing. */
  Map<String, Double> figures(RolloutBatch batch) {
    if (!inReward()) {
      return Map.of();
    }
    double kl = 0;
    for (int b = 0; b < batch.size(); b++) {
      kl += Rows.meanDifference(batch.oldLogProbs()[b], batch.referenceLogProbs()[b]);
    }
    return Map.of("actor/reward_kl_penalty", kl / batch.size());
  }

  private void checkRewardInputs(RolloutBatch batch, double[][] oldLogProbs) {
    if (inReward() && (oldLogProbs == null || batch.referenceLogProbs() == null)) {
      throw new IllegalArgumentException(
          "a KL penalty in the reward needs the log-probs of the old policy and the reference");
    }
  }
}
