package dev.apo.worker.reward;

import java.util.Optional;

/** Finds the final answer of a response that marks it with {@code <answer>…</answer>}. */
final class AnswerTag {
  private static final String OPEN = "<answer>";
  private static final String CLOSE = "</answer>";

  private AnswerTag() {}

  /** What stands in the last complete tags of the last line; white space at the end is no line. */
  static Optional<String> last(String response) {
    String text = response.stripTrailing();
    String line = text.substring(text.lastIndexOf('\n') + 1);
    int close = line.lastIndexOf(CLOSE);
    int open = close < 0 ? -1 : line.lastIndexOf(OPEN, close);
    return open < 0 || open + OPEN.length() > close
        ? Optional.empty()
        : Optional.of(line.substring(open + OPEN.length(), close).strip());
  }
}
