package dev.apo.worker.algorithm;

import java.util.Optional;
import java.util.Set;

/**
 * A training loss over sampled responses, and its gradient with respect to the policy's log-probs.
 * An algorithm is one implementation; the training loop knows none by name. Implementations are
 * pure.
 *
 * <p>For each rollout batch the loop samples other prompts in place of groups that the loss does
 * not {@link #keeps keep}, asks once for the {@link #targets}, and then for each micro-batch of
 * each step {@link #compute computes} the loss and, where there is a critic, its {@link
 * #valueLoss}.
 */
public interface Loss {
  /** What a loss may ask for besides the policy's log-probs and the rewards. */
  enum Input {
    /**
     * Log-probs under the policy that sampled. In the first step after sampling these are the
     * policy's own; the loop may leave them out there and so save that pass.
     */
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

  /** What {@link #targets} reads. */
  default Set<Input> targetInputs() {
    return Set.of();
  }

  /** Whether it asks for something at all. */
  default boolean reads(Input input) {
    return inputs().contains(input) || targetInputs().contains(input);
  }

  /**
   * Whether a response's gradient depends on the log-probs of others of its group: then a
   * micro-batch must hold whole groups. The gradient is a function of log-probs alone, so that a
   * loop may also score the whole group first and then pass its members through the model one after
   * the other.
   */
  default boolean couplesGroups() {
    return false;
  }

  /**
   * Whether a prompt is worth a step.
   *
   * @param rewards of its responses
   */
  default boolean keeps(double... rewards) {
    return true;
  }

  /**
   * What is fixed for all steps on a rollout batch.
   *
   * @throws IllegalArgumentException if something in {@link #targetInputs} is absent from the batch
   */
  default Targets targets(RolloutBatch batch) {
    return Targets.NONE;
  }

  /**
   * The share of a micro-batch in the loss of its mini-batch: shares and gradients of all
   * micro-batches add up to those of the mini-batch, however it is cut.
   *
   * @throws IllegalArgumentException if something in {@link #inputs} is absent from the batch
   */
  LossResult compute(LossBatch batch);

  /**
   * What each token of a response counts where the loss averages over tokens; an entropy bonus is
   * averaged alike.
   *
   * @param length the response's tokens
   */
  default double tokenWeight(int length, MiniBatch miniBatch) {
    return Aggregation.TOKEN_MEAN.tokenWeight(length, length, miniBatch);
  }

  /** What the critic learns by; empty if there is none. */
  default Optional<ValueLoss> valueLoss() {
    return Optional.empty();
  }
}
