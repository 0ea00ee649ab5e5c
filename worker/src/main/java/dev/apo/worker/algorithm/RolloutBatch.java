package dev.apo.worker.algorithm;

import java.util.stream.IntStream;

/**
 * What is known of B responses before the first optimizer step on them; it stays as it is however
 * many steps follow. A row of a matrix holds the valid tokens of one response and no padding, so
 * rows differ in length and there is no mask. Log-probs are natural logarithms, of logits divided
 * by the sampling temperature.
 *
 * <p>What a loss does not ask for ({@link Loss#inputs}) may be null.
 *
 * @param oldLogProbs [B][T_b] under the policy that sampled
 * @param referenceLogProbs [B][T_b] under the frozen reference policy
 * @param rewards [B] of whole responses; each belongs to the last token of its response
 * @param vStar [B] the optimal values of their prompts
 * @param values [B][T_b] the critic's values of what precedes each token
 * @param groups [B] responses with the same number answer the same prompt
 */
public record RolloutBatch(
    double[][] oldLogProbs,
    double[][] referenceLogProbs,
    double[] rewards,
    double[] vStar,
    double[][] values,
    int[] groups) {

  public RolloutBatch {
    int rows = rewards.length;
    if (oldLogProbs != null && oldLogProbs.length != rows
        || referenceLogProbs != null && referenceLogProbs.length != rows
        || vStar != null && vStar.length != rows
        || values != null && values.length != rows
        || groups != null && groups.length != rows) {
      throw new IllegalArgumentException(
          "log-probs, V*, values and groups need one entry per reward");
    }
  }

  /** B, the number of responses. */
  public int size() {
    return rewards.length;
  }

  /** Some of the responses, in the given order. */
  public RolloutBatch rows(int... rows) {
    return new RolloutBatch(
        Rows.of(oldLogProbs, rows),
        Rows.of(referenceLogProbs, rows),
        Rows.of(rewards, rows),
        Rows.of(vStar, rows),
        Rows.of(values, rows),
        groups == null ? null : IntStream.of(rows).map(b -> groups[b]).toArray());
  }
}
