package dev.apo.worker.reward;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Computes an expression of whole numbers, {@code + - * /} and parentheses, exactly. It is safe on
 * any text: long ones are not read, and nothing grows faster than the text.
 */
final class WholeArithmetic {
  private static final int MAX_LENGTH = 500;
  private static final char END = 0;

  /** Not an expression, or one without a value. */
  static final class NoValue extends Exception {
    NoValue() {
      super(null, null, false, false);
    }
  }

  /** A fraction; the denominator is never 0, and may be negative. */
  record Fraction(BigInteger above, BigInteger below) {
    Fraction plus(Fraction o) {
      return new Fraction(
          above.multiply(o.below).add(o.above.multiply(below)), below.multiply(o.below));
    }

    Fraction times(Fraction o) {
      return new Fraction(above.multiply(o.above), below.multiply(o.below));
    }

    Fraction inverse() throws NoValue {
      if (above.signum() == 0) {
        throw new NoValue();
      }
      return new Fraction(below, above);
    }

    Fraction negated() {
      return new Fraction(above.negate(), below);
    }
  }

  /** The value of an expression, and the numbers in it, in their order. */
  record Result(Fraction value, List<BigInteger> numbers) {
    boolean isWhole(BigInteger number) {
      return value.above.equals(number.multiply(value.below));
    }
  }

  private final String text;
  private final List<BigInteger> numbers = new ArrayList<>();
  private int at;

  private WholeArithmetic(String text) {
    this.text = text;
  }

  /** Empty for what is no expression, divides by 0, or is longer than 500 characters. */
  static Optional<Result> evaluate(String text) {
    if (text.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    var reader = new WholeArithmetic(text);
    try {
      Fraction value = reader.sum();
      return reader.peek() == END
          ? Optional.of(new Result(value, List.copyOf(reader.numbers)))
          : Optional.empty();
    } catch (NoValue e) {
      return Optional.empty();
    }
  }

  private char peek() {
    while (at < text.length() && text.charAt(at) == ' ') {
      at++;
    }
    return at < text.length() ? text.charAt(at) : END;
  }

  private Fraction sum() throws NoValue {
    Fraction value = product();
    for (char sign = peek(); sign == '+' || sign == '-'; sign = peek()) {
      at++;
      Fraction next = product();
      value = value.plus(sign == '+' ? next : next.negated());
    }
    return value;
  }

  private Fraction product() throws NoValue {
    Fraction value = signed();
    for (char sign = peek(); sign == '*' || sign == '/'; sign = peek()) {
      at++;
      Fraction next = signed();
      value = value.times(sign == '*' ? next : next.inverse());
    }
    return value;
  }

  private Fraction signed() throws NoValue {
    boolean negative = false;
    for (char sign = peek(); sign == '+' || sign == '-'; sign = peek()) {
      at++;
      negative ^= sign == '-';
    }
    Fraction value = operand();
    return negative ? value.negated() : value;
  }

  private Fraction operand() throws NoValue {
    if (peek() == '(') {
      at++;
      Fraction value = sum();
      if (peek() != ')') {
        throw new NoValue();
      }
      at++;
      return value;
    }
    int start = at;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      at++;
    }
    if (at == start) {
      throw new NoValue();
    }
    var number = new BigInteger(text.substring(start, at));
    numbers.add(number);
    return new Fraction(number, BigInteger.ONE);
  }
}
