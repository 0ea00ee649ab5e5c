package dev.apo.worker.reward;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether two answers in LaTeX mean the same: numbers and expressions of equal value, lists and
 * sets in any order, tuples, intervals and matrices element by element, equations, inequalities,
 * words. A name in front of a single equals sign ({@code x=5}, {@code f(x)=5}) is dropped, and so
 * are units and percent signs.
 */
final class MathAnswers {
  /** Longer texts are no answers. */
  private static final int MAX_LENGTH = 1000;

  private static final int MAX_ELEMENTS = 20;
  private static final Pattern MATRIX =
      Pattern.compile(
          "\\\\begin\\{([pbvBV]?matrix|array)\\}(?:\\{[lcr|]*\\})?(.*)\\\\end\\{\\1\\}",
          Pattern.DOTALL);
  private static final Pattern NAME =
      Pattern.compile("(?:[A-Za-z]|\\\\[A-Za-z]+)(?:_(?:\\w|\\{\\w+\\}))?'?(?:\\([^()]*\\))?");
  private static final Pattern RELATION = Pattern.compile("<|>|\\\\leq|\\\\geq|\\\\neq");
  private static final Pattern WORDS = Pattern.compile("[A-Za-z][A-Za-z ]{2,}");

  private MathAnswers() {}

  static boolean equivalent(String a, String b) {
    return a.length() <= MAX_LENGTH
        && b.length() <= MAX_LENGTH
        && same(LatexText.clean(a), LatexText.clean(b));
  }

  private static boolean same(String a, String b) {
    if (compact(a).equals(compact(b))) {
      return true;
    }
    List<String> listA = list(a);
    List<String> listB = list(b);
    if (listA.size() > 1 || listB.size() > 1) {
      return inAnyOrder(listA, listB);
    }
    return sameElement(listA.get(0), listB.get(0));
  }

  private static String compact(String text) {
    return text.replaceAll("\\s+", "");
  }

  /** The elements of a set, a list or a union of intervals; one element for anything else. */
  private static List<String> list(String text) {
    String inner = text.strip();
    if (inner.startsWith("\\{") && inner.endsWith("\\}")) {
      inner = inner.substring(2, inner.length() - 2);
    }
    List<String> elements = new ArrayList<>();
    for (String part : split(inner.replace("\\cup", ","), ',')) {
      if (part.contains("\\pm")) {
        elements.add(part.replace("\\pm", "+"));
        elements.add(part.replace("\\pm", "-"));
      } else {
        elements.add(part);
      }
    }
    return elements;
  }

  /** Cuts where no bracket is open; the parts are stripped. */
  private static List<String> split(String text, char separator) {
    List<String> parts = new ArrayList<>();
    int open = 0;
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ("([{".indexOf(c) >= 0) {
        open++;
      } else if (")]}".indexOf(c) >= 0) {
        open--;
      } else if (c == separator && open == 0) {
        parts.add(text.substring(start, i).strip());
        start = i + 1;
      }
    }
    parts.add(text.substring(start).strip());
    return parts;
  }

  private static boolean inAnyOrder(List<String> a, List<String> b) {
    if (a.size() != b.size() || a.size() > MAX_ELEMENTS) {
      return false;
    }
    List<String> left = new ArrayList<>(b);
    for (String element : a) {
      Optional<String> partner = left.stream().filter(other -> same(element, other)).findFirst();
      if (partner.isEmpty()) {
        return false;
      }
      left.remove(partner.get());
    }
    return true;
  }

  private static boolean inOrder(List<String> a, List<String> b, BiPredicate<String, String> same) {
    if (a.size() != b.size() || a.size() > MAX_ELEMENTS) {
      return false;
    }
    for (int i = 0; i < a.size(); i++) {
      if (!same.test(a.get(i), b.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean sameElement(String a, String b) {
    Matcher matrixA = MATRIX.matcher(a);
    Matcher matrixB = MATRIX.matcher(b);
    if (matrixA.matches() && matrixB.matches()) {
      return inOrder(rows(matrixA.group(2)), rows(matrixB.group(2)), MathAnswers::sameRow);
    }
    Optional<List<String>> tupleA = tuple(a);
    Optional<List<String>> tupleB = tuple(b);
    if (tupleA.isPresent() && tupleB.isPresent()) {
      boolean sameEnds =
          a.charAt(0) == b.charAt(0) && a.charAt(a.length() - 1) == b.charAt(b.length() - 1);
      return sameEnds && inOrder(tupleA.get(), tupleB.get(), MathAnswers::same);
    }
    if (isWords(a) || isWords(b)) {
      return bare(a).equals(bare(b));
    }
    if (RELATION.matcher(a).find() || RELATION.matcher(b).find()) {
      return relations(a).equals(relations(b))
          && inOrder(operands(a), operands(b), MathAnswers::sameValue);
    }
    return sameSides(split(a, '='), split(b, '='));
  }

  private static List<String> rows(String matrix) {
    return List.of(matrix.strip().split("\\s*\\\\\\\\\\s*"));
  }

  private static boolean sameRow(String a, String b) {
    return inOrder(split(a, '&'), split(b, '&'), MathAnswers::sameValue);
  }

  /** What stands between one pair of brackets, if that is more than one element. */
  private static Optional<List<String>> tuple(String text) {
    boolean enclosed =
        text.length() > 2
            && "([".indexOf(text.charAt(0)) >= 0
            && ")]".indexOf(text.charAt(text.length() - 1)) >= 0;
    return enclosed
        ? Optional.of(split(text.substring(1, text.length() - 1), ','))
            .filter(elements -> elements.size() > 1)
        : Optional.empty();
  }

  private static boolean isWords(String text) {
    return text.contains("\"") || WORDS.matcher(text).matches();
  }

  private static String bare(String text) {
    return text.replaceAll("[\"().\\s]", "").toLowerCase(Locale.ROOT);
  }

  private static List<String> relations(String text) {
    return RELATION.matcher(text).results().map(found -> found.group()).toList();
  }

  private static List<String> operands(String text) {
    return List.of(RELATION.split(text, -1));
  }

  private static boolean sameSides(List<String> a, List<String> b) {
    List<String> sidesA = b.size() == 1 ? withoutName(a) : a;
    List<String> sidesB = a.size() == 1 ? withoutName(b) : b;
    if (inOrder(sidesA, sidesB, MathAnswers::sameValue)) {
      return true;
    }
    if (sidesA.size() != 2 || sidesB.size() != 2) {
      return false;
    }
    String differenceA = difference(sidesA.get(0), sidesA.get(1));
    String differenceB = difference(sidesB.get(0), sidesB.get(1));
    return sameValue(differenceA, differenceB)
        || sameValue(differenceA, difference(sidesB.get(1), sidesB.get(0)));
  }

  private static String difference(String a, String b) {
    return "(" + a + ")-(" + b + ")";
  }

  /** The last side alone where the first is a name. */
  private static List<String> withoutName(List<String> sides) {
    return sides.size() > 1 && NAME.matcher(sides.get(0)).matches()
        ? List.of(sides.get(sides.size() - 1))
        : sides;
  }

  private static boolean sameValue(String a, String b) {
    if (compact(a).equals(compact(b))) {
      return true;
    }
    Optional<String> valueA = LatexExpression.translate(a);
    Optional<String> valueB = LatexExpression.translate(b);
    return valueA.isPresent()
        && valueB.isPresent()
        && ComputerAlgebra.areEqual(valueA.get(), valueB.get());
  }
}
