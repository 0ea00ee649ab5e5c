package dev.apo.worker.reward;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Σ weight · reward over several rewards. An answer must suit each of them. */
record WeightedSum(List<Term> terms) implements Reward {
  record Term(double weight, Reward reward) {}

  @Override
  public String id() {
    return join(term -> term.weight() + "*" + term.reward().id());
  }

  @Override
  public String version() {
    return join(term -> term.reward().version());
  }

  private String join(Function<Term, String> word) {
    return terms.stream().map(word).collect(Collectors.joining("+"));
  }

  @Override
  public double[] score(List<Candidate> candidates) {
    double[] sum = new double[candidates.size()];
    for (Term term : terms) {
      double[] rewards = term.reward().score(candidates);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += term.weight() * rewards[i];
      }
    }
    return sum;
  }

  @Override
  public void checkAnswer(String answer) {
    terms.forEach(term -> term.reward().checkAnswer(answer));
  }

  @Override
  public void checkService(Candidate example) {
    terms.forEach(term -> term.reward().checkService(example));
  }
}
