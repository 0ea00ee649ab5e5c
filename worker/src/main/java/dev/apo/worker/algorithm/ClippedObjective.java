package dev.apo.worker.algorithm;

import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The policy loss that PPO and the GRPO family share: the clipped surrogate of each token and the
 * KL penalty in the loss, aggregated.
 *
 * @param ratio whose ratio is clipped
 * @param maxLength the constant of {@link Aggregation#SEQ_MEAN_TOKEN_SUM_NORM}
 */
public record ClippedObjective(
    ClipRange clip, Ratio ratio, Aggregation aggregation, int maxLength, KlPenalty kl) {

  /** Whose ratio of probabilities under the policy and the one that sampled. */
  public enum Ratio {
    /** Each token's own. */
    TOKEN,
    /** The geometric mean over the response, for all its tokens (GSPO, arXiv 2507.18071). */
    SEQUENCE
  }

  Set<Loss.Input> inputs() {
    return kl.inLoss()
        ? EnumSet.of(Loss.Input.OLD_LOG_PROBS, Loss.Input.REFERENCE_LOG_PROBS)
        : EnumSet.of(Loss.Input.OLD_LOG_PROBS);
  }

  double tokenWeight(int length, MiniBatch miniBatch) {
    return aggregation.tokenWeight(length, maxLength, miniBatch);
  }

  LossResult compute(LossBatch batch) {
    if (batch.targets().advantages() == null) {
      throw new IllegalArgumentException("a clipped objective needs advantages");
    }
    double[][] reference = batch.rollouts().referenceLogProbs();
    if (kl.inLoss() && reference == null) {
      throw new IllegalArgumentException("a KL penalty needs the reference's log-probs");
    }
    double objective = 0;
    double penalty = 0;
    double oldKl = 0;
    int clipped = 0;
    int dualClipped = 0;
    double[][] gradient = new double[batch.size()][];
    for (int b = 0; b < gradient.length; b++) {
      double[] logProbs = batch.logProbs()[b];
      double[] old = batch.oldLogProbs()[b];
      gradient[b] = new double[logProbs.length];
      oldKl -= Rows.difference(logProbs, old);
      double mean = Rows.meanDifference(logProbs, old);
      double weight = tokenWeight(logProbs.length, batch.miniBatch());
      for (int t = 0; t < logProbs.length; t++) {
        // The mean's share of 1 / length in one token and the loss of length tokens cancel out.
        double logRatio = ratio == Ratio.SEQUENCE ? mean : logProbs[t] - old[t];
        ClipRange.Objective token = clip.at(logRatio, batch.targets().advantage(b, t));
        objective += weight * token.loss();
        gradient[b][t] = weight * token.gradient();
        clipped += token.clipped() ? 1 : 0;
        dualClipped += token.dualClipped() ? 1 : 0;
        if (kl.inLoss()) {
          double difference = logProbs[t] - reference[b][t];
          penalty += weight * kl.estimator().value(difference);
          gradient[b][t] += weight * kl.coefficient() * kl.estimator().gradient(difference);
        }
      }
    }
    double tokens = Math.max(1, batch.miniBatch().tokens());
    var shares = new LinkedHashMap<String, Double>();
    shares.put("actor/pg_loss", objective);
    shares.put("actor/pg_clipfrac", clipped / tokens);
    shares.put("actor/pg_clipfrac_lower", dualClipped / tokens);
    shares.put("actor/ppo_kl", oldKl / tokens);
    if (kl.inLoss()) {
      shares.put("actor/kl_loss", penalty);
    }
    if (reference != null) {
      shares.put("critic/kl", batch.klShare());
    }
    return new LossResult(objective + kl.coefficient() * penalty, gradient, shares, Map.of());
  }
}
