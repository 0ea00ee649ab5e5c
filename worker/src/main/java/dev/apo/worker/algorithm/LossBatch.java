package dev.apo.worker.algorithm;

/**
 * One micro-batch of B' responses. A row of a matrix holds the valid tokens of one response and no
 * padding, so rows differ in length and there is no mask. Log-probs are natural logarithms, of
 * logits divided by the sampling temperature.
 *
 * <p>What a loss does not ask for ({@link Loss#inputs}) may be null.
 *
 * @param miniBatch what means are taken over
 * @param logProbs [B'][T_b] under the policy that is trained
 * @param oldLogProbs [B'][T_b] under the policy that sampled
 * @param referenceLogProbs [B'][T_b] under the frozen reference policy
 * @param rewards [B'] of whole responses
 * @param vStar [B'] the optimal values of their prompts
 * @param values [B'][T_b] a critic's values
 * @param groups [B'] responses with the same number answer the same prompt
 */
public record LossBatch(
    MiniBatch miniBatch,
    double[][] logProbs,
    double[][] oldLogProbs,
    double[][] referenceLogProbs,
    double[] rewards,
    double[] vStar,
    double[][] values,
    int[] groups) {

  public LossBatch {
    checkRows("old", oldLogProbs, logProbs);
    checkRows("reference", referenceLogProbs, logProbs);
    checkRows("value", values, logProbs);
    int rows = logProbs.length;
    if (rewards.length != rows
        || vStar != null && vStar.length != rows
        || groups != null && groups.length != rows) {
      throw new IllegalArgumentException("rewards, V* and groups need one entry per response");
    }
    if (rows > miniBatch.sequences()) {
      throw new IllegalArgumentException(
          rows + " responses are more than the mini-batch's " + miniBatch.sequences());
    }
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
    return new LossBatch(miniBatch, logProbs, null, referenceLogProbs, rewards, vStar, null, null);
  }

  /** B', the number of responses. */
  public int size() {
    return logProbs.length;
  }

  private static void checkRows(String name, double[][] matrix, double[][] logProbs) {
    if (matrix == null) {
      return;
    }
    boolean same = matrix.length == logProbs.length;
    for (int b = 0; same && b < matrix.length; b++) {
      same = matrix[b].length == logProbs[b].length;
    }
    if (!same) {
      throw new IllegalArgumentException(
          name + " rows differ in shape from the policy's log-probs");
    }
  }
}
