package dev.apo.worker.reward;

import static dev.apo.worker.reward.Candidates.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class SymbolicMathTest {
  private final SymbolicMath symbolic = new SymbolicMath();

  private double score(String box, String answer) {
    return symbolic.score(List.of(response("so \\boxed{" + box + "}.", answer)))[0];
  }

  /** What the paper's scorer tells apart and a person does not. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      textBlock =
          """
          0.50; \\frac{1}{2}
          .5; 1/2
          2.0; 2
          1,000; 1000
          10,\\!000; 10000
          \\frac{2}{4}; \\frac12
          6/8; \\tfrac34
          -\\frac{1}{2}; \\frac{-1}{2}
          3\\frac{1}{2}; 3.5
          \\text{(A)}; A
          12\\text{cm}; 12
          12 \\text{ cm}^2; 12
          45^\\circ; 45
          50\\%; 50
          \\$12.50; 12.5
          3x+2; 2+3x
          (x+1)^2; x^2+2x+1
          \\frac{x^2-1}{x-1}; x+1
          \\frac{\\sqrt{2}}{2}; \\frac{1}{\\sqrt2}
          \\sqrt{12}; 2\\sqrt{3}
          \\sqrt[3]{8}; 2
          1+\\sqrt{2}; \\sqrt{3+2\\sqrt{2}}
          \\pi/2; \\frac{\\pi}{2}
          a/b; \\frac{a}{b}
          \\sin^2 x + \\cos^2 x; 1
          \\sin 2x; 2\\sin x\\cos x
          2^{n+1}; 2 \\cdot 2^n
          \\log_2 8; 3
          e^{i\\pi}; -1
          5!; 120
          |{-3}|; 3
          x=5; 5
          f(x) = 2x+1; 1+2x
          y = x+1; x - y + 1 = 0
          x \\in [0, \\frac12); [0,0.5)
          (1, 2); (1.0,\\frac{4}{2})
          (-\\infty,1]\\cup[3,\\infty); [3,\\infty) \\cup (-\\infty,1]
          \\{3, 1, 2\\}; 1,2,3
          1 \\text{ and } 2; 2, 1
          1 \\pm \\sqrt{2}; 1-\\sqrt2, 1+\\sqrt2
          \\begin{pmatrix} 1/2 \\\\ 3 \\end{pmatrix}; \\begin{pmatrix} 0.5 \\\\ 3 \\end{pmatrix}
          1 \\le x < 4; 1\\leq x<\\frac{8}{2}
          1010_2; 1010_{2}
          Evelyn; \\text{Evelyn}
          \\left(\\dfrac{1}{2}\\right)^3; \\frac18
          \\emptyset; \\emptyset
          2^{2010}; 4^{1005}
          x^{-1}; \\frac1x
          10^{-3}; 0.001
          \\sqrt{x}; x^{1/2}
          2\\frac{x}{3}; \\frac{2x}{3}
          2\\frac{x}{3}^2; \\frac{2x^2}{9}
          \\frac{1}{2}x; \\frac{x}{2}
          """)
  void acceptsWhatMeansTheSame(String box, String answer) {
    assertThat(score(box, answer)).as(box + " is " + answer).isEqualTo(1);
    assertThat(score(answer, box)).as(answer + " is " + box).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      textBlock =
          """
          0.33; \\frac{1}{3}
          3.14; \\pi
          2; 3
          (1,2); (2,1)
          (1,2); [1,2]
          (1,2]; (1,2)
          1,2; 1,2,3
          1,1,2; 1,2,2
          x+1; x-1
          \\sqrt{x^2}; x
          |x|; x
          1/0; 2/0
          x=5; y=5
          x<5; x>5
          x<5; x \\leq 5
          1010_2; 1010_3
          \\text{east}; \\text{seat}
          \\begin{pmatrix} 1 \\\\ 3 \\end{pmatrix}; \\begin{pmatrix} 3 \\\\ 1 \\end{pmatrix}
          11 \\text{ or } 12; 11
          2 3; 6
          ''; 2
          \\frac{}{}; 2
          x^; x
          \\unknown{2}; 2
          """)
  void rejectsWhatDoesNot(String box, String answer) {
    assertThat(score(box, answer)).as(box + " is not " + answer).isZero();
  }

  static Stream<String> expensive() {
    return Stream.of(
        "10^{10^{10}}",
        "9^{9^{9^{9}}}",
        "(x+y+z)^{1000}",
        "((x+1)^{40}(y+1)^{40})^{40}",
        "\\tan 3(99\\tan\\infty)",
        "\\cot 9x \\cot 9y",
        "100000000!",
        "5!!!!!",
        "2^{999 \\cdot 999 \\cdot 999}",
        "x^{n-n+999999999}",
        "\\sqrt[0.0000000001]{7}",
        "(".repeat(100_000) + "1",
        "{".repeat(50) + "1" + "}".repeat(50),
        "1,".repeat(100_000) + "1",
        "-".repeat(100_000) + "1",
        "\\frac".repeat(10_000),
        "2\\frac{".repeat(25) + "x" + "}{3}".repeat(25),
        "1" + ",000".repeat(100_000),
        "5 " + " \\text{ab}".repeat(50_000),
        "7".repeat(100_000),
        "\\text{".repeat(1000) + "}".repeat(1000));
  }

  @ParameterizedTest
  @MethodSource("expensive")
  void doesNotComputeWhatWouldTakeForEver(String box) {
    assertThat(score(box, "1")).isZero();
  }

  @Test
  void givesUpWhatTakesTooLong() {
    var never = new CountDownLatch(1);
    assertThat(
            TimeLimit.within(
                Duration.ofMillis(20),
                () -> {
                  never.await();
                  return true;
                }))
        .isEmpty();
  }

  @Test
  void rewardsOfABatchComeInOrderAndAreTheSameEachTime() {
    List<Candidate> batch =
        IntStream.range(0, 64)
            .mapToObj(i -> response("\\boxed{\\frac{" + (2 * i) + "}{4}}", (i % 8) + "/2"))
            .toList();
    double[] expected = IntStream.range(0, 64).mapToDouble(i -> i < 8 ? 1 : 0).toArray();

    assertThat(symbolic.score(batch)).containsExactly(expected);
    assertThat(symbolic.score(batch)).containsExactly(expected);
    assertThat(Arrays.stream(expected).sum()).isEqualTo(8);
  }

  @Test
  void readsTheLastBoxOnly() {
    assertThat(symbolic.score(List.of(response("\\boxed{2} or \\boxed{3}", "2"))))
        .containsExactly(0);
    assertThat(symbolic.score(List.of(response("it is 2", "2")))).containsExactly(0);
    assertThat(symbolic.score(List.of(response("\\boxed{2}", "so \\boxed{2.0}"))))
        .containsExactly(1);
  }

  @Test
  void rejectsAnAnswerThatNoBoxCouldHold() {
    assertThatThrownBy(() -> symbolic.checkAnswer("{2"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
