package dev.apo.worker.generate;

import dev.apo.worker.data.RandomStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The Countdown game: make a target of numbers. There is a solution, as the target is made by
 * joining the numbers two by two; every value on the way is a whole number above 0.
 *
 * @param fewest numbers of a puzzle, at least 2
 * @param most numbers of a puzzle
 * @param highest of the numbers, and of the target
 */
public record CountdownTask(int fewest, int most, int highest) implements Task {
  private static final int LOWEST_TARGET = 10;

  @Override
  public Problem problem(RandomStream random) {
    for (int attempt = 0; ; attempt++) {
      var draw = new Draw(RandomStream.of(random.key(), attempt));
      List<Long> numbers = new ArrayList<>();
      int count = fewest + draw.below(most - fewest + 1);
      for (int i = 0; i < count; i++) {
        numbers.add(1L + draw.below(highest));
      }
      long target = join(numbers, draw);
      if (target >= LOWEST_TARGET && target <= highest) {
        return problem(numbers, target);
      }
    }
  }

  private static Problem problem(List<Long> numbers, long target) {
    // In order, so that the same puzzle is the same text.
    String listed =
        numbers.stream().sorted().map(String::valueOf).collect(Collectors.joining(", "));
    return new Problem(
        "Make an equation that equals "
            + target
            + " of the numbers "
            + listed
            + ". Use each number exactly once, with + - * / and parentheses. End with the equation's"
            + " left side between <answer> and </answer>.",
        listed.replace(",", "") + " = " + target);
  }

  /** One value made of all numbers. */
  private static long join(List<Long> numbers, Draw draw) {
    List<Long> values = new ArrayList<>(numbers);
    while (values.size() > 1) {
      long a = values.remove(draw.below(values.size()));
      long b = values.remove(draw.below(values.size()));
      List<Long> results = new ArrayList<>(List.of(a + b, a * b));
      if (a > b) {
        results.add(a - b);
      }
      if (a % b == 0) {
        results.add(a / b);
      }
      values.add(results.get(draw.below(results.size())));
    }
    return values.get(0);
  }
}
