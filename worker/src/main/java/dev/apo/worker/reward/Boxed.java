package dev.apo.worker.reward;

import java.util.Optional;

/** Finds the final answer of a solution in LaTeX: the content of its last box. */
final class Boxed {
  private static final String BOX = "\\boxed";
  private static final String FRAME = "\\fbox";

  private Boxed() {}

  /**
   * What stands in the last {@code \boxed{…}}, braces matched. Where there is a {@code \boxed x},
   * with a space, the last of these counts, up to the next dollar sign. A {@code \fbox} is taken
   * for a box where there is no other, and then has no content, as in the released code of A*-PO.
   */
  static Optional<String> last(String text) {
    int spaced = text.lastIndexOf(BOX + " ");
    if (spaced >= 0) {
      String rest = text.substring(spaced + BOX.length() + 1);
      int dollar = rest.indexOf('$');
      return Optional.of(dollar < 0 ? rest : rest.substring(0, dollar));
    }
    int box = text.lastIndexOf(BOX);
    return box < 0 ? Optional.empty() : braced(text, box + BOX.length());
  }

  /** Whether a text speaks of a box at all. */
  static boolean isIn(String text) {
    return text.contains(BOX) || text.contains(FRAME);
  }

  /** What stands in the braces that open at an index; empty if none do or they do not close. */
  private static Optional<String> braced(String text, int start) {
    if (!text.startsWith("{", start)) {
      return Optional.empty();
    }
    int open = 0;
    for (int i = start; i < text.length(); i++) {
      if (text.charAt(i) == '{') {
        open++;
      } else if (text.charAt(i) == '}' && --open == 0) {
        return Optional.of(text.substring(start + 1, i));
      }
    }
    return Optional.empty();
  }

  /**
   * The final answer that an answer of the data names: the content of its last box, or the whole
   * where there is no box.
   *
   * @throws IllegalArgumentException if it is empty, or could not be boxed
   */
  static String ofAnswer(String answer) {
    if (isIn(answer)) {
      return last(answer)
          .filter(content -> !content.isBlank())
          .orElseThrow(() -> new IllegalArgumentException("its last \\boxed{…} is not complete"));
    }
    String content = answer.strip();
    if (content.isEmpty() || !last(BOX + "{" + content + "}").equals(Optional.of(content))) {
      throw new IllegalArgumentException("its braces do not match, so no \\boxed{…} can hold it");
    }
    return content;
  }
}
