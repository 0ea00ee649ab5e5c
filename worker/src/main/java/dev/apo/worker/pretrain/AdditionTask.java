package dev.apo.worker.pretrain;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * The quickstart's task: the sum of two numbers of two digits, one token a character. All 8100
 * problems are shuffled once; training and evaluation take disjoint parts.
 */
public final class AdditionTask {
  /** One problem, such as prompt {@code 24+74=} and answer {@code 98}. */
  public record Problem(String prompt, String answer) {}

  private AdditionTask() {}

  /** All problems in an order that depends on the seed alone. */
  public static List<Problem> problems(long seed) {
    var all = new ArrayList<Problem>();
    for (int a = 10; a < 100; a++) {
      for (int b = 10; b < 100; b++) {
        all.add(new Problem(a + "+" + b + "=", Integer.toString(a + b)));
      }
    }
    Collections.shuffle(all, new Random(seed));
    return all;
  }
}
