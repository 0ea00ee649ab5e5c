package dev.apo.worker.generate;

import dev.apo.worker.data.RandomStream;

/**
 * The product of two numbers.
 *
 * @param digits of each number, 1 to 9
 */
public record MultiplyTask(int digits) implements Task {
  @Override
  public Problem problem(RandomStream random) {
    var draw = new Draw(random);
    int lowest = (int) Math.pow(10, digits - 1);
    long a = lowest + draw.below(9 * lowest);
    long b = lowest + draw.below(9 * lowest);
    return new Problem(
        "What is %d * %d? End with the number between <answer> and </answer>.".formatted(a, b),
        Long.toString(a * b));
  }
}
