package dev.apo.worker.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.generate.Task.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataGeneratorTest {
  private static final Task COUNTDOWN = new CountdownTask(3, 4, 99);
  @TempDir Path directory;

  @Test
  void sameSeedMakesTheSameFiles() throws IOException {
    new DataGenerator(COUNTDOWN, 7).write(directory.resolve("a"), 50, 10);
    new DataGenerator(COUNTDOWN, 7).write(directory.resolve("b"), 50, 10);
    new DataGenerator(COUNTDOWN, 8).write(directory.resolve("c"), 50, 10);

    for (String file : List.of("train.jsonl", "test.jsonl")) {
      String rows = Files.readString(directory.resolve("a").resolve(file));
      assertThat(rows.lines()).hasSize(file.equals("train.jsonl") ? 50 : 10);
      assertThat(directory.resolve("b").resolve(file)).hasContent(rows);
      assertThat(Files.readString(directory.resolve("c").resolve(file))).isNotEqualTo(rows);
    }
  }

  /** Written down, so that a later version makes the data that an earlier one made. */
  @Test
  void firstProblemsStayWhatTheyAre() {
    assertThat(new DataGenerator(COUNTDOWN, 7).problems(3))
        .extracting(Problem::answer)
        .containsExactly("36 52 55 65 = 32", "10 21 41 43 = 32", "7 21 22 74 = 68");
    assertThat(new DataGenerator(new MultiplyTask(3), 7).problems(1))
        .containsExactly(
            new Problem(
                "What is 721 * 474? End with the number between <answer> and </answer>.",
                "341754"));
    assertThat(new DataGenerator(new AddTask(2), 7).problems(1))
        .containsExactly(new Problem("91 + 24 =", "115"));
  }

  @Test
  void allProblemsAreDifferent() {
    assertThat(new DataGenerator(COUNTDOWN, 7).problems(2000)).doesNotHaveDuplicates();
  }

  @Test
  void everyPuzzleHasASolution() {
    for (Problem problem : new DataGenerator(COUNTDOWN, 7).problems(200)) {
      String[] sides = problem.answer().split(" = ");
      List<Double> numbers = Arrays.stream(sides[0].split(" ")).map(Double::valueOf).toList();
      assertThat(numbers).hasSizeBetween(3, 4).allMatch(n -> n >= 1 && n <= 99);
      assertThat(Double.parseDouble(sides[1])).isBetween(10.0, 99.0);
      assertThat(canMake(numbers, Double.parseDouble(sides[1]))).as(problem.answer()).isTrue();
    }
  }

  /** Tries all ways to join the numbers two by two. */
  private static boolean canMake(List<Double> numbers, double target) {
    if (numbers.size() == 1) {
      return Math.abs(numbers.get(0) - target) < 1e-9;
    }
    for (int i = 0; i < numbers.size(); i++) {
      for (int j = 0; j < numbers.size(); j++) {
        if (i != j) {
          List<Double> rest = new ArrayList<>(numbers);
          double a = numbers.get(i);
          double b = numbers.get(j);
          rest.remove(a);
          rest.remove(b);
          for (double value : new double[] {a + b, a - b, a * b, a / b}) {
            List<Double> next = new ArrayList<>(rest);
            next.add(value);
            if (canMake(next, target)) {
              return true;
            }
          }
        }
      }
    }
    return false;
  }

  @Test
  void moreProblemsThanThereAreAreRefused() {
    assertThatThrownBy(() -> new DataGenerator(new MultiplyTask(1), 7).problems(100))
        .isInstanceOfSatisfying(
            ApoException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE))
        .hasMessageContaining("hardly more than 81 different problems");
  }
}
