package dev.apo.worker.reward;

import java.math.BigInteger;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Translates one LaTeX expression into the input form of {@link ComputerAlgebra}. It knows numbers,
 * variables, operators, powers, roots, fractions and the usual functions, and only these, so that
 * no response can call anything else; and it refuses what would take long to compute, by bounds on
 * the digits of every number and the terms of every expansion.
 */
final class LatexExpression {
  private static final int MAX_LENGTH = 300;
  private static final int MAX_DEPTH = 30;

  /** Digits that numerator and denominator of a value may have together. */
  private static final double MAX_SIZE = 4000;

  private static final double MAX_TERMS = 20_000;
  private static final int MAX_FACTORIAL = 170;

  private static final Map<String, String> FUNCTIONS =
      Map.ofEntries(
          Map.entry("sin", "Sin"),
          Map.entry("cos", "Cos"),
          Map.entry("tan", "Tan"),
          Map.entry("cot", "Cot"),
          Map.entry("sec", "Sec"),
          Map.entry("csc", "Csc"),
          Map.entry("arcsin", "ArcSin"),
          Map.entry("arccos", "ArcCos"),
          Map.entry("arctan", "ArcTan"),
          Map.entry("sinh", "Sinh"),
          Map.entry("cosh", "Cosh"),
          Map.entry("tanh", "Tanh"),
          Map.entry("ln", "Log"),
          Map.entry("log", "Log"),
          Map.entry("exp", "Exp"));

  private static final Set<String> VARIABLES =
      Set.of(
          "alpha",
          "beta",
          "gamma",
          "delta",
          "epsilon",
          "varepsilon",
          "zeta",
          "eta",
          "theta",
          "iota",
          "kappa",
          "lambda",
          "mu",
          "nu",
          "xi",
          "rho",
          "sigma",
          "tau",
          "upsilon",
          "phi",
          "varphi",
          "chi",
          "psi",
          "omega",
          "Gamma",
          "Delta",
          "Theta",
          "Lambda",
          "Xi",
          "Sigma",
          "Phi",
          "Psi",
          "Omega",
          "infty",
          "ell");

  /**
   * @param code in the library's input form
   * @param size bound of the digits that computing it may take
   * @param terms bound of the summands of its expansion
   */
  private record Node(String code, double size, double terms) {
    static final double SMALL = Math.log10(2);

    static Node atom(String code) {
      return new Node(code, SMALL, 1);
    }

    Node plus(Node other, char sign) throws Unknown {
      return of("(" + code + sign + other.code + ")", size + other.size, terms + other.terms);
    }

    Node times(Node other, char sign) throws Unknown {
      return of("(" + code + sign + other.code + ")", size + other.size, terms * other.terms);
    }

    Node negated() {
      return new Node("(-" + code + ")", size, terms);
    }

    Node power(Node exponent) throws Unknown {
      double most = Math.pow(10, exponent.size);
      return of("(" + code + "^" + exponent.code + ")", size * most, Math.pow(terms, most));
    }

    Node in(String function) {
      return new Node(function + "(" + code + ")", size + SMALL, terms);
    }

    private static Node of(String code, double size, double terms) throws Unknown {
      if (size > MAX_SIZE || terms > MAX_TERMS) {
        throw new Unknown();
      }
      return new Node(code, size, terms);
    }
  }

  /** Not an expression that is known here. */
  private static final class Unknown extends Exception {
    Unknown() {
      super(null, null, false, false);
    }
  }

  private static final char END = 0;

  private final String text;
  private int at;
  private int depth;

  private LatexExpression(String text) {
    this.text = text;
  }

  /** The expression in the library's input form; empty if it is not known here. */
  static Optional<String> translate(String latex) {
    if (latex.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    var reader = new LatexExpression(latex);
    try {
      Node node = reader.sum();
      return reader.peek() == END ? Optional.of(node.code()) : Optional.empty();
    } catch (Unknown e) {
      return Optional.empty();
    }
  }

  private char peek() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at < text.length() ? text.charAt(at) : END;
  }

  private boolean take(char c) {
    if (peek() != c) {
      return false;
    }
    at++;
    return true;
  }

  private void expect(char c) throws Unknown {
    if (!take(c)) {
      throw new Unknown();
    }
  }

  private Node sum() throws Unknown {
    if (++depth > MAX_DEPTH) {
      throw new Unknown();
    }
    Node sum = product();
    for (char sign = peek(); sign == '+' || sign == '-'; sign = peek()) {
      at++;
      sum = sum.plus(product(), sign);
    }
    depth--;
    return sum;
  }

  private Node product() throws Unknown {
    Node product = signed();
    while (true) {
      char sign = peek();
      if (sign == '*' || sign == '/') {
        at++;
        product = product.times(signed(), sign);
      } else if (startsFactor(sign)) {
        product = product.times(factor(), '*');
      } else {
        return product;
      }
    }
  }

  /** Whether a factor can follow without an operator: 2x, not 2 3. */
  private boolean startsFactor(char c) {
    return isLetter(c)
        || c == '('
        || c == '['
        || c == '{'
        || c == '\\'
        || isDigit(c) && !isDigit(previous()) && previous() != '.';
  }

  private char previous() {
    int i = at - 1;
    while (i >= 0 && Character.isWhitespace(text.charAt(i))) {
      i--;
    }
    return i < 0 ? END : text.charAt(i);
  }

  private Node signed() throws Unknown {
    if (take('-')) {
      return signed().negated();
    }
    return take('+') ? signed() : factor();
  }

  private Node factor() throws Unknown {
    Node base = primary();
    while (true) {
      if (take('^')) {
        base = base.power(argument());
      } else if (take('!')) {
        base = factorial(base);
      } else {
        return base;
      }
    }
  }

  private static Node factorial(Node of) throws Unknown {
    if (!of.code().matches("[0-9]{1,3}") || Integer.parseInt(of.code()) > MAX_FACTORIAL) {
      throw new Unknown();
    }
    return Node.of("Factorial(" + of.code() + ")", 2.5 * Integer.parseInt(of.code()), 1);
  }

  /** What a command or a power applies to: braces, one digit, one letter or one command. */
  private Node argument() throws Unknown {
    char c = peek();
    if (isDigit(c)) {
      at++;
      return number(String.valueOf(c), "");
    }
    return primary();
  }

  private Node primary() throws Unknown {
    char c = peek();
    if (isDigit(c) || c == '.') {
      return number();
    }
    if (isLetter(c)) {
      at++;
      return variable(c);
    }
    at++;
    return switch (c) {
      case '(' -> closed(')');
      case '[' -> closed(']');
      case '{' -> closed('}');
      case '|' -> closed('|').in("Abs");
      case '\\' -> command();
      default -> throw new Unknown();
    };
  }

  private Node closed(char close) throws Unknown {
    Node node = sum();
    expect(close);
    return node;
  }

  private Node number() throws Unknown {
    String whole = digits();
    String decimals = "";
    if (at < text.length() && text.charAt(at) == '.') {
      at++;
      decimals = digits();
      if (decimals.isEmpty() && whole.isEmpty()) {
        throw new Unknown();
      }
    }
    if (peek() == '_') {
      return Node.atom("n" + whole + subscript());
    }
    Node number = number(whole, decimals);
    if (decimals.isEmpty() && text.startsWith("\\frac", at)) {
      return mixed(number);
    }
    return number;
  }

  /** Three and a half, as 3\frac{1}{2}; before any other fraction stands a factor. */
  private Node mixed(Node whole) throws Unknown {
    at += "\\frac".length();
    Node above = argument();
    Node below = argument();
    Node fraction = above.times(below, '/');
    if (isWhole(above) && isWhole(below)) {
      return whole.plus(fraction, '+');
    }
    return whole.times(take('^') ? fraction.power(argument()) : fraction, '*');
  }

  private static boolean isWhole(Node node) {
    return node.code().chars().allMatch(LatexExpression::isDigit);
  }

  private static Node number(String whole, String decimals) throws Unknown {
    var value = new BigInteger("0" + whole + decimals);
    String code =
        decimals.isEmpty()
            ? value.toString()
            : "(" + value + "/1" + "0".repeat(decimals.length()) + ")";
    double size = Math.log10(Math.max(2, value.doubleValue())) + decimals.length();
    return Node.of(code, size, 1);
  }

  private String digits() {
    int start = at;
    while (at < text.length() && isDigit(text.charAt(at))) {
      at++;
    }
    return text.substring(start, at);
  }

  private Node variable(char letter) throws Unknown {
    String subscript = peek() == '_' ? subscript() : "";
    if (subscript.isEmpty() && letter == 'e') {
      return Node.atom("E");
    }
    if (subscript.isEmpty() && letter == 'i') {
      return Node.atom("I");
    }
    // The library's names do not depend on case.
    return Node.atom("v" + (int) letter + subscript);
  }

  private String subscript() throws Unknown {
    expect('_');
    String name;
    if (take('{')) {
      int close = text.indexOf('}', at);
      if (close < 0) {
        throw new Unknown();
      }
      name = text.substring(at, close).strip();
      at = close + 1;
    } else {
      name = String.valueOf(peek());
      at++;
    }
    if (!name.matches("[A-Za-z0-9]{1,10}")) {
      throw new Unknown();
    }
    StringBuilder code = new StringBuilder("s");
    name.chars().forEach(c -> code.append(c).append('s'));
    return code.toString();
  }

  private Node command() throws Unknown {
    int start = at;
    while (at < text.length() && isLetter(text.charAt(at))) {
      at++;
    }
    String name = text.substring(start, at);
    return switch (name) {
      case "frac" -> argument().times(argument(), '/');
      case "sqrt" -> root();
      case "pi" -> Node.atom("Pi");
      case "log" -> logarithm();
      default -> {
        if (FUNCTIONS.containsKey(name)) {
          yield function(FUNCTIONS.get(name));
        }
        if (VARIABLES.contains(name)) {
          yield Node.atom((Character.isUpperCase(name.charAt(0)) ? "gu" : "gl") + name);
        }
        throw new Unknown();
      }
    };
  }

  private Node root() throws Unknown {
    if (!take('[')) {
      return argument().in("Sqrt");
    }
    Node degree = closed(']');
    return argument().power(Node.atom("1").times(degree, '/'));
  }

  private Node logarithm() throws Unknown {
    if (!take('_')) {
      return function("Log", "10,");
    }
    return function("Log", argument().code() + ",");
  }

  private Node function(String name) throws Unknown {
    return function(name, "");
  }

  /** A function of what follows: a bracket, or factors up to an operator or the next function. */
  private Node function(String name, String before) throws Unknown {
    Node power = take('^') ? argument() : null;
    if (power != null && !isWhole(power)) {
      throw new Unknown(); // sin^{-1} is no power
    }
    char c = peek();
    boolean bracket = c == '(' || c == '[' || c == '{';
    Node argument = bracket ? primary() : factor();
    while (!bracket && startsFactor(peek()) && !atFunction()) {
      argument = argument.times(factor(), '*');
    }
    Node value = new Node(name + "(" + before + argument.code() + ")", argument.size() + 1, 1);
    return power == null ? value : value.power(power);
  }

  private boolean atFunction() {
    return text.charAt(at) == '\\'
        && FUNCTIONS.keySet().stream().anyMatch(name -> text.startsWith(name, at + 1));
  }

  private static boolean isLetter(int c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }
}
