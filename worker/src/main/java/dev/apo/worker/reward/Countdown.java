package dev.apo.worker.reward;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The Countdown game: 1 if the last {@code <answer>…</answer>} of the last line is an expression
 * that uses every given number once and makes the target; a part of that for any other answer in
 * tags; else 0. Expressions have whole numbers, {@code + - * /} and parentheses, and are computed
 * exactly.
 *
 * <p>An answer of the data is {@code "44 19 35 = 98"}: the numbers and the target.
 *
 * @param forForm the reward of an answer that is wrong
 */
record Countdown(double forForm) implements LocalReward {
  private static final Pattern PUZZLE =
      Pattern.compile("\\s*([0-9]{1,18}(?:[\\s,]+[0-9]{1,18})*)\\s*=\\s*(-?[0-9]{1,18})\\s*");

  /** What a response is compared with: numbers in ascending order. */
  private record Puzzle(List<BigInteger> numbers, BigInteger target) {
    static Puzzle of(String answer) {
      Matcher puzzle = PUZZLE.matcher(answer);
      if (!puzzle.matches()) {
        throw new IllegalArgumentException(
            "it must be the numbers and the target, such as \"44 19 35 = 98\"");
      }
      return new Puzzle(
          Arrays.stream(puzzle.group(1).split("[\\s,]+")).map(BigInteger::new).sorted().toList(),
          new BigInteger(puzzle.group(2)));
    }

    boolean isSolvedBy(String expression) {
      Optional<WholeArithmetic.Result> result = WholeArithmetic.evaluate(expression);
      return result
          .filter(r -> r.numbers().stream().sorted().toList().equals(numbers))
          .filter(r -> r.isWhole(target))
          .isPresent();
    }
  }

  @Override
  public String id() {
    return "countdown-" + forForm;
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public double score(Candidate candidate) {
    Puzzle puzzle = Puzzle.of(candidate.answer());
    return AnswerTag.last(candidate.response())
        .map(expression -> puzzle.isSolvedBy(expression) ? 1 : forForm)
        .orElse(0.0);
  }

  @Override
  public void checkAnswer(String answer) {
    Puzzle.of(answer);
  }
}
