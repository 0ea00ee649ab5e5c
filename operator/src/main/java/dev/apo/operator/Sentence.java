package dev.apo.operator;

/** Texts for people, which others may have made as long as they like. */
public final class Sentence {
  private static final String CUT = " … (cut)";

  private Sentence() {}

  /**
   * A text of at most so many characters, with a mark where it was cut, and no character cut in
   * half, which no JSON could carry.
   *
   * @param text null stays null
   */
  public static String cut(String text, int most) {
    if (text == null || text.length() <= most) {
      return text;
    }
    int end = most - CUT.length();
    return text.substring(0, Character.isHighSurrogate(text.charAt(end - 1)) ? end - 1 : end) + CUT;
  }
}
