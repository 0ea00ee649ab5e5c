package dev.apo.worker.generate;

import dev.apo.worker.data.RandomStream;

/**
 * The sum of two numbers, as an equation to go on with.
 *
 * @param digits of each number, 1 to 8
 */
public record AddTask(int digits) implements Task {
  @Override
  public Problem problem(RandomStream random) {
    var draw = new Draw(random);
    int a = draw.numberOf(digits);
    int b = draw.numberOf(digits);
    return new Problem("%d + %d =".formatted(a, b), Integer.toString(a + b));
  }
}
