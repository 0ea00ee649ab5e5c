package dev.apo.worker.reward;

/** Responses for tests. */
final class Candidates {
  private Candidates() {}

  /** A response to no prompt in particular, which ended by itself. */
  static Candidate response(String response, String answer) {
    return new Candidate("", response, answer, 3, false);
  }
}
