package dev.apo.worker.algorithm;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;

/**
 * A*-PO (arXiv 2505.20686), stage 2: a least-squares regression of the scaled log-ratio on the
 * optimal advantage, with one response per prompt,
 *
 * <pre>L = 1/B · Σ_b ( beta2 · Σ_t (log π − log π_ref)_bt + V*(x_b) − r_b )²</pre>
 *
 * <p>There is no clipping, importance ratio, group or critic, and no gradient flows through
 * sampling. Every token of a response has the same gradient, {@code 2 · beta2 · residual_b / B}.
 *
 * @param beta2 the strength of the pull towards the reference policy; positive
 */
public record AStarPo(double beta2) implements Loss {
  public AStarPo {
    if (!(beta2 > 0) || Double.isInfinite(beta2)) {
      throw new IllegalArgumentException("beta2 must be positive: " + beta2);
    }
  }

  @Override
  public Set<Input> inputs() {
    return Set.of(Input.REFERENCE_LOG_PROBS, Input.V_STAR);
  }

  @Override
  public LossResult compute(LossBatch batch) {
    RolloutBatch rollouts = batch.rollouts();
    if (rollouts.referenceLogProbs() == null || rollouts.vStar() == null) {
      throw new IllegalArgumentException("A*-PO needs the reference's log-probs and V*");
    }
    int size = batch.size();
    int sequences = batch.miniBatch().sequences();
    double loss = 0;
    double[][] gradient = new double[size][];
    double[] advantage = new double[size];
    double[] implicitReward = new double[size];
    double[] squaredResidual = new double[size];
    for (int b = 0; b < size; b++) {
      double[] logProbs = batch.logProbs()[b];
      advantage[b] = rollouts.rewards()[b] - rollouts.vStar()[b];
      implicitReward[b] = beta2 * Rows.difference(logProbs, rollouts.referenceLogProbs()[b]);
      double residual = implicitReward[b] + rollouts.vStar()[b] - rollouts.rewards()[b];
      squaredResidual[b] = residual * residual;
      loss += squaredResidual[b] / sequences;
      gradient[b] = new double[logProbs.length];
      Arrays.fill(gradient[b], 2 * beta2 * residual / sequences);
    }
    return new LossResult(
        loss,
        gradient,
        Map.of("actor/pg_loss", loss, "critic/kl", batch.klShare()),
        Map.of(
            "critic/advantages", advantage,
            "critic/v_star", rollouts.vStar().clone(),
            "actor/implicit_reward", implicitReward,
            "actor/squared_residual", squaredResidual));
  }
}
