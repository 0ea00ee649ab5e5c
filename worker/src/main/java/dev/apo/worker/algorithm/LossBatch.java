package dev.apo.worker.algorithm;

/**
 * One micro-batch of B' responses.
 *
 * @param miniBatch what means are taken over
 * @param logProbs [B'][T_b] under the policy that is trained
 * @param rollouts what has been known of the responses since before the first step on them
 * @param targets what {@link Loss#targets} made of them
 */
public record LossBatch(
    MiniBatch miniBatch, double[][] logProbs, RolloutBatch rollouts, Targets targets) {

  public LossBatch {
    if (logProbs.length != rollouts.size()) {
      throw new IllegalArgumentException("log-probs need one row per response");
    }
    if (logProbs.length > miniBatch.sequences()) {
      throw new IllegalArgumentException(
          logProbs.length + " responses are more than the mini-batch's " + miniBatch.sequences());
    }
    Rows.checkShape("old", rollouts.oldLogProbs(), logProbs);
    Rows.checkShape("reference", rollouts.referenceLogProbs(), logProbs);
  }

  /** A whole mini-batch with what a regression on log-ratios needs. */
  public static LossBatch of(
      double[][] logProbs, double[][] referenceLogProbs, double[] rewards, double[] vStar) {
    return of(MiniBatch.of(logProbs), logProbs, referenceLogProbs, rewards, vStar);
  }

  /** A part of a mini-batch with what a regression on log-ratios needs. */
  public static LossBatch of(
      MiniBatch miniBatch,
      double[][] logProbs,
      double[][] referenceLogProbs,
      double[] rewards,
      double[] vStar) {
    return new LossBatch(
        miniBatch,
        logProbs,
        new RolloutBatch(null, referenceLogProbs, rewards, vStar, null, null),
        Targets.NONE);
  }

  /** B', the number of responses. */
  public int size() {
    return logProbs.length;
  }

  /**
   * [B'][T_b] under the policy that sampled; where they are absent, no step has been taken since,
   * and they are the policy's own.
   */
  double[][] oldLogProbs() {
    return rollouts.oldLogProbs() == null ? logProbs : rollouts.oldLogProbs();
  }

  /**
   * The share in the mean over responses of the mean over tokens of log π − log π_ref, which
   * estimates the KL divergence; needs the reference's log-probs.
   */
  double klShare() {
    double kl = 0;
    for (int b = 0; b < size(); b++) {
      kl += Rows.meanDifference(logProbs[b], rollouts.referenceLogProbs()[b]);
    }
    return kl / miniBatch.sequences();
  }
}
