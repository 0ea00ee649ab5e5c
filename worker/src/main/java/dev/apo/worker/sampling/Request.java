package dev.apo.worker.sampling;

/**
 * A prompt to answer, once for each seed.
 *
 * @param prompt token ids, at least one
 * @param seeds one per response; a response depends on its seed and the model alone
 * @param mostTokens longest response, at least 1, where that is less than the settings allow
 */
public record Request(int[] prompt, long[] seeds, int mostTokens) {
  /** Whose responses are as long as the settings allow. */
  public Request(int[] prompt, long[] seeds) {
    this(prompt, seeds, Integer.MAX_VALUE);
  }
}
