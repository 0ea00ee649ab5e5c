package dev.apo.worker.engine;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;

/**
 * Per response token, in the order of {@link TokenBatch#targets}.
 *
 * @param logProbs of the token itself, nats, with logits divided by the temperature
 * @param entropies of the distribution that it was drawn from, nats
 */
public record TokenScores(float[] logProbs, float[] entropies) {
  /**
   * @param pair [2][rows] log-probs and entropies, of which the first {@code tokens} rows count
   */
  static TokenScores of(NDArray pair, int tokens) {
    float[] both = pair.toFloatArray();
    int n = both.length / 2;
    return new TokenScores(Arrays.copyOf(both, tokens), Arrays.copyOfRange(both, n, n + tokens));
  }
}
