package dev.apo.worker.reward;

/**
 * Scores one response. Implementations are thread-safe. Those that score locally are pure; one that
 * asks a service throws {@link dev.apo.worker.ApoException} when the service does not answer.
 */
public interface Reward {
  /** What scores, e.g. {@code gsm8k-strict}. Part of the V* key, so it names every setting. */
  String id();

  /** Changes whenever the same response could be given another score. Part of the V* key. */
  String version();

  /**
   * The reward of a response, usually 1 (correct) or 0; always finite.
   *
   * @param prompt the text that the model was given
   * @param response the text that the model generated, without the prompt
   * @param answer the data's answer, as {@link #checkAnswer} accepts it
   */
  double score(String prompt, String response, String answer);

  /**
   * Checks, before anything is sampled, that some response could be scored as correct.
   *
   * @throws IllegalArgumentException if no response could ever match this answer; the message is a
   *     short reason, without the row
   */
  default void checkAnswer(String answer) {}
}
