package dev.apo.worker.reward;

import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The normal form of LaTeX answers that the MATH scorers of A*-PO's released code and verl compare,
 * after Hendrycks et al. (arXiv 2103.03874): a chain of textual rewritings, in this order.
 */
final class MathNormaliser {
  /** The form has no meaning here: the texts are then compared as they are. */
  static final class NoNormalForm extends Exception {
    NoNormalForm(String reason) {
      super(reason);
    }
  }

  private static final String UNIT = "\\text{ ";
  private static final Pattern WHOLE = Pattern.compile("\\s*[+-]?[0-9]+(_[0-9]+)*\\s*");
  private static final Pattern CANONICAL = Pattern.compile("0|-?[1-9][0-9]*");
  private static final Pattern BARE_ROOT = Pattern.compile("\\\\sqrt([^{])", Pattern.DOTALL);

  /** Numerator and denominator of one character each, not in braces. */
  private static final Pattern BARE_FRACTION =
      Pattern.compile("([^{])(?:([^{])|(?=\\{))", Pattern.DOTALL);

  private static final UnaryOperator<String> CLEAN =
      text ->
          text.replace("\n", "")
              .replace("\\!", "")
              .replace("\\\\", "\\")
              .replace("tfrac", "frac")
              .replace("dfrac", "frac")
              .replace("\\left", "")
              .replace("\\right", "")
              .replace("^{\\circ}", "")
              .replace("^\\circ", "")
              .replace("\\$", "");

  private MathNormaliser() {}

  /** Whether two answers have the same normal form; equal texts are, whatever they are. */
  static boolean equivalent(String a, String b) {
    try {
      return normalise(a).equals(normalise(b));
    } catch (NoNormalForm e) {
      return a.equals(b);
    }
  }

  static String normalise(String answer) throws NoNormalForm {
    String text = withoutUnit(CLEAN.apply(answer)).replace("\\%", "");
    text = text.replace(" .", " 0.").replace("{.", "{0.");
    if (text.startsWith(".")) {
      text = "0" + text;
    }
    text = bracedRoots(withoutLeftSide(text)).replace(" ", "");
    text = bracedFractions(text);
    return slashed(text.equals("0.5") ? "\\frac{1}{2}" : text);
  }

  private static String withoutUnit(String text) throws NoNormalForm {
    int unit = text.indexOf(UNIT);
    if (unit < 0) {
      return text;
    }
    if (text.indexOf(UNIT, unit + UNIT.length()) >= 0) {
      throw new NoNormalForm("two units");
    }
    return text.substring(0, unit);
  }

  /** Drops {@code x=}: what is left of a single equals sign, if at most two characters. */
  private static String withoutLeftSide(String text) {
    int equals = text.indexOf('=');
    boolean single = equals >= 0 && text.indexOf('=', equals + 1) < 0;
    return single && text.codePointCount(0, equals) <= 2 ? text.substring(equals + 1) : text;
  }

  private static String bracedRoots(String text) throws NoNormalForm {
    if (text.endsWith("\\sqrt") || text.contains("\\sqrt\\sqrt")) {
      throw new NoNormalForm("a root of nothing");
    }
    return BARE_ROOT.matcher(text).replaceAll("\\\\sqrt{$1}");
  }

  private static String bracedFractions(String text) throws NoNormalForm {
    String[] parts = text.split("\\\\frac", -1);
    StringBuilder result = new StringBuilder(parts[0]);
    for (int i = 1; i < parts.length; i++) {
      String part = parts[i];
      if (part.isEmpty()) {
        throw new NoNormalForm("a fraction of nothing");
      }
      Matcher bare = BARE_FRACTION.matcher(part);
      if (part.length() == 1 && !part.equals("{")) {
        return text;
      }
      result.append("\\frac");
      if (!bare.lookingAt()) {
        result.append(part);
        continue;
      }
      result.append('{').append(bare.group(1)).append('}');
      if (bare.group(2) != null) {
        result.append('{').append(bare.group(2)).append('}');
      }
      result.append(part, bare.end(), part.length());
    }
    return result.toString();
  }

  /** A quotient of whole numbers becomes a fraction. */
  private static String slashed(String text) throws NoNormalForm {
    int slash = text.indexOf('/');
    if (slash < 0 || text.indexOf('/', slash + 1) >= 0) {
      return text;
    }
    String above = text.substring(0, slash);
    String below = text.substring(slash + 1);
    if (!WHOLE.matcher(above).matches() || !WHOLE.matcher(below).matches()) {
      throw new NoNormalForm("a quotient of something else than whole numbers");
    }
    boolean canonical = CANONICAL.matcher(above).matches() && CANONICAL.matcher(below).matches();
    return canonical ? "\\frac{" + above + "}{" + below + "}" : text;
  }
}
