package dev.apo.worker.reward;

/** 1 if the response is the answer, but for white space at both ends; else 0. */
public record ExactMatch() implements LocalReward {
  @Override
  public String id() {
    return "exact-match";
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public double score(Candidate candidate) {
    return candidate.response().strip().equals(candidate.answer().strip()) ? 1 : 0;
  }
}
