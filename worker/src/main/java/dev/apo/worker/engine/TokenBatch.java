package dev.apo.worker.engine;

import java.util.List;

/**
 * Sequences of prompt and response, padded on the right to a common width, and the places where
 * responses are predicted.
 *
 * @param ids [rows * width] token ids; padding is 0 and is never attended to
 * @param at [tokens] flat positions {@code row * width + t} whose next token belongs to a response
 * @param targets [tokens] those next tokens, row by row
 */
public record TokenBatch(int rows, int width, long[] ids, long[] at, long[] targets) {

  /**
   * One sequence: {@code tokens} holds the prompt, then the response, which starts at {@code
   * promptLength}.
   */
  public record Sequence(int[] tokens, int promptLength) {
    public Sequence {
      if (promptLength < 1 || promptLength > tokens.length) {
        throw new IllegalArgumentException("a sequence needs a prompt of at least one token");
      }
    }

    public static Sequence of(int[] prompt, int[] response) {
      int[] tokens = java.util.Arrays.copyOf(prompt, prompt.length + response.length);
      System.arraycopy(response, 0, tokens, prompt.length, response.length);
      return new Sequence(tokens, prompt.length);
    }

    public int responseLength() {
      return tokens.length - promptLength;
    }
  }

  /** [rows] tokens of each response. */
  public int[] responseLengths() {
    int[] lengths = new int[rows];
    for (long position : at) {
      lengths[(int) (position / width)]++;
    }
    return lengths;
  }

  public static TokenBatch of(List<Sequence> sequences) {
    // The last token of a sequence predicts nothing, so it need not pass the model.
    int width = 1;
    int count = 0;
    for (Sequence s : sequences) {
      width = Math.max(width, s.tokens().length - 1);
      count += s.responseLength();
    }
    long[] ids = new long[sequences.size() * width];
    long[] at = new long[count];
    long[] targets = new long[count];
    int n = 0;
    for (int row = 0; row < sequences.size(); row++) {
      int[] tokens = sequences.get(row).tokens();
      for (int t = 0; t < tokens.length - 1; t++) {
        ids[row * width + t] = tokens[t];
      }
      for (int t = sequences.get(row).promptLength(); t < tokens.length; t++) {
        at[n] = (long) row * width + t - 1;
        targets[n++] = tokens[t];
      }
    }
    return new TokenBatch(sequences.size(), width, ids, at, targets);
  }
}
