package dev.apo.worker.reward;

import dev.apo.worker.reward.Gsm8k.Extraction;

/**
 * The scorers of a run.
 *
 * @param estimate scores the responses from which V* is estimated
 * @param train scores the responses of training and evaluation
 */
public record Rewards(Reward estimate, Reward train) {
  /** One scorer for everything, so that V* and the rewards it is compared with mean the same. */
  public static Rewards same(Reward reward) {
    return new Rewards(reward, reward);
  }

  /** {@link ExactMatch} for everything. */
  public static Rewards exactMatch() {
    return same(new ExactMatch());
  }

  /** {@link Gsm8k} on the response for everything. */
  public static Rewards gsm8k(Extraction extraction) {
    return same(new Gsm8k(extraction));
  }

  /**
   * What the released code of A*-PO does with GSM8K: V* comes from the last number of the response,
   * training and evaluation look for the first marked number in prompt and response.
   */
  public static Rewards officialGsm8k() {
    return new Rewards(
        new Gsm8k(Extraction.FLEXIBLE), new PromptAndResponse(new Gsm8k(Extraction.STRICT)));
  }
}
