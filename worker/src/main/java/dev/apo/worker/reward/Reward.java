package dev.apo.worker.reward;

import java.util.List;

/**
 * Scores responses. Implementations are thread-safe. Those that score locally are pure; one that
 * asks a service throws {@link dev.apo.worker.ApoException} when the service does not answer.
 */
public interface Reward {
  /** What scores, e.g. {@code gsm8k-strict}. Part of the V* key, so it names every setting. */
  String id();

  /** Changes whenever the same response could be given another score. Part of the V* key. */
  String version();

  /** The rewards of responses, in their order, each usually 1 (correct) or 0; always finite. */
  double[] score(List<Candidate> candidates);

  /**
   * Checks, before anything is sampled, that some response could be scored as correct.
   *
   * @throws IllegalArgumentException if no response could ever match this answer; the message is a
   *     short reason, without the row
   */
  default void checkAnswer(String answer) {}

  /** What of an answer it compares with, such as the number at the end of a worked solution. */
  default String groundTruth(String answer) {
    return answer;
  }

  /**
   * Checks, before anything is sampled, that whatever it needs beside this program is there.
   *
   * @param example any response, to try it with
   */
  default void checkService(Candidate example) {}
}
