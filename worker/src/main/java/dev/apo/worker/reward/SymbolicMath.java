package dev.apo.worker.reward;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * A stronger scorer for MATH than the paper's: 1 if the last box holds what {@link MathAnswers}
 * says is equivalent to the answer, by computer algebra; else 0. Answers are read as {@link
 * MathReward} reads them. Responses are compared side by side, each under a time limit.
 */
final class SymbolicMath implements Reward {
  /** No comparison that the bounds of {@link LatexExpression} allow comes near to it. */
  private static final Duration LIMIT = Duration.ofSeconds(10);

  private final Workers workers =
      new Workers("symbolic-math", Runtime.getRuntime().availableProcessors());

  @Override
  public String id() {
    return "symbolic-math";
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public double[] score(List<Candidate> candidates) {
    return workers.map(candidates, SymbolicMath::score).stream()
        .mapToDouble(Double::doubleValue)
        .toArray();
  }

  private static double score(Candidate candidate) {
    String answer = Boxed.ofAnswer(candidate.answer());
    Optional<String> box = Boxed.last(candidate.response());
    if (box.isEmpty()) {
      return 0;
    }
    if (box.get().equals(answer)) {
      return 1;
    }
    ComputerAlgebra.load();
    Callable<Boolean> comparison = () -> MathAnswers.equivalent(box.get(), answer);
    return TimeLimit.within(LIMIT, comparison).orElse(false) ? 1 : 0;
  }

  @Override
  public String groundTruth(String answer) {
    return Boxed.ofAnswer(answer);
  }

  @Override
  public void checkAnswer(String answer) {
    Boxed.ofAnswer(answer);
  }
}
