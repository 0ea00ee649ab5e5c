package dev.apo.worker.algorithm;

import java.util.Set;

/**
 * A training loss over sampled responses, and its gradient with respect to the policy's log-probs.
 * An algorithm is one implementation; the training loop knows none by name. Implementations are
 * pure.
 */
public interface Loss {
  /** What a loss may ask for besides the policy's log-probs and the rewards. */
  enum Input {
    /** Log-probs under the policy that sampled; without it the loop saves that pass. */
    OLD_LOG_PROBS,
    /** Log-probs under the frozen reference policy. */
    REFERENCE_LOG_PROBS,
    /** The optimal value of each prompt. */
    V_STAR,
    /** The critic's value at each token. */
    VALUES,
    /** Several responses for each prompt. */
    GROUPS
  }

  /** What {@link #compute} reads; the rest of a batch may be absent. */
  Set<Input> inputs();

  /**
   * The share of a micro-batch in the loss of its mini-batch: shares and gradients of all
   * micro-batches add up to those of the mini-batch, however it is cut.
   *
   * @throws IllegalArgumentException if something in {@link #inputs} is absent from the batch
   */
  LossResult compute(LossBatch batch);
}
