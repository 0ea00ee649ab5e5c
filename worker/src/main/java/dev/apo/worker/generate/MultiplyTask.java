package dev.apo.worker.generate;

import dev.apo.worker.data.RandomStream;

/**
 * The product of two numbers.
 *
 * @param digits of each number, 1 to 8
 */
public record MultiplyTask(int digits) implements Task {
  @Override
  public Problem problem(RandomStream random) {
    var draw = new Draw(random);
    long a = draw.numberOf(digits);
    long b = draw.numberOf(digits);
    return new Problem(
        "What is %d * %d? End with the number between <answer> and </answer>.".formatted(a, b),
        Long.toString(a * b));
  }
}
