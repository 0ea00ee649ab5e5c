package dev.apo.worker.reward;

import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Takes from an answer in LaTeX what is only for the eye, and units. Words of text are left in
 * quotes; "and" and "or" become commas.
 */
final class LatexText {
  private static final Pattern TEXT =
      Pattern.compile(
          "\\\\(?:text|textbf|textit|textrm|textnormal|mathrm|mathbf|mbox|operatorname)\\s*\\{([^{}]*)\\}");
  private static final Pattern WORD = Pattern.compile("[A-Za-z][A-Za-z.' -]+");
  private static final Set<String> SEPARATORS = Set.of("and", "or");
  private static final Pattern SIZES =
      Pattern.compile("\\\\(?:left|right|[bB]igg?[lr]?|displaystyle|textstyle)(?![A-Za-z])");
  private static final Pattern SPACES =
      Pattern.compile("(?<!\\\\)\\\\[,;: ]|~|\\\\q?quad(?![A-Za-z])");
  private static final Pattern DEGREES =
      Pattern.compile("\\^\\s*(?:\\\\circ(?![A-Za-z])|\\{\\s*\\\\circ\\s*\\})|\\\\degree|°");
  private static final Pattern THOUSANDS =
      Pattern.compile("(?<![0-9.,])([0-9]{1,3}(?:,[0-9]{3})+)(?![0-9,])");
  private static final Pattern MEMBER = Pattern.compile("^[A-Za-z]\\s*\\\\in(?![A-Za-z])");
  private static final Pattern UNIT =
      Pattern.compile("^(.*[^\\s\"=,(\\[{+*/^-])\\s*\"[^\"]*\"(?:\\s*\\^\\s*\\{?[0-9]\\}?)?$");

  private LatexText() {}

  static String clean(String latex) {
    String text = latex.replace("\\!", "").replace("{,}", ",").replace("\\$", "").replace("$", "");
    text = SPACES.matcher(SIZES.matcher(text).replaceAll("")).replaceAll(" ");
    text = words(text).replaceAll("\\b(?:and|or)\\b", ",");
    text = DEGREES.matcher(text).replaceAll("");
    text = text.replace("\\%", "").replace("%", "");
    text = text.replaceAll("\\\\[tdc]frac", "\\\\frac").replaceAll("\\\\le(?![A-Za-z])", "\\\\leq");
    text = text.replaceAll("\\\\ge(?![A-Za-z])", "\\\\geq").replaceAll("\\\\lt(?![A-Za-z])", "<");
    text = text.replaceAll("\\\\gt(?![A-Za-z])", ">").replaceAll("\\\\ne(?![A-Za-z])", "\\\\neq");
    text = text.replaceAll("\\\\(?:cdot|times)(?![A-Za-z])|[×·]", "*").replaceAll("\\\\div|÷", "/");
    text = text.replace('−', '-').replace("π", "\\pi ").replace("∞", "\\infty ").strip();
    if (!text.contains("(") && !text.contains("[")) {
      text = THOUSANDS.matcher(text).replaceAll(found -> found.group().replace(",", ""));
    }
    text = MEMBER.matcher(text).replaceFirst("").strip();
    text = UNIT.matcher(text).replaceFirst("$1").strip();
    return text.endsWith(".") ? text.substring(0, text.length() - 1).strip() : text;
  }

  private static String words(String text) {
    return TEXT.matcher(text)
        .replaceAll(
            found -> {
              String content = found.group(1).strip();
              if (SEPARATORS.contains(content)) {
                return ",";
              }
              return Matcher.quoteReplacement(
                  WORD.matcher(content).matches() ? " \"" + content + "\" " : content);
            });
  }
}
