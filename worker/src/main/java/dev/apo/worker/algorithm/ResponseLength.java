package dev.apo.worker.algorithm;

import java.util.function.LongPredicate;

/** Which tokens of a sampled row belong to the response. */
public final class ResponseLength {
  private ResponseLength() {}

  /**
   * The number of tokens up to and including the first end-of-sequence token; the whole row if it
   * has none (the response was cut off). The outcome reward belongs to the last of these tokens.
   *
   * <p>Padding must not be asked for by its id: for some models it is the end-of-sequence token.
   *
   * @param tokens the generated ids, without the prompt
   * @param endsSequence whether an id ends a sequence; models may have several
   */
  public static int of(long[] tokens, LongPredicate endsSequence) {
    for (int t = 0; t < tokens.length; t++) {
      if (endsSequence.test(tokens[t])) {
        return t + 1;
      }
    }
    return tokens.length;
  }
}
