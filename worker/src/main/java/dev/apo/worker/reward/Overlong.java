package dev.apo.worker.reward;

/**
 * The soft overlong punishment of DAPO (arXiv 2503.14476): 0 up to {@code limit − buffer} tokens,
 * then falling linearly to −1 at the limit.
 *
 * @param limit longest response in tokens
 * @param buffer tokens before the limit in which the penalty grows
 */
record Overlong(int limit, int buffer) implements LocalReward {
  @Override
  public String id() {
    return "overlong-" + limit + "-" + buffer;
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public double score(Candidate candidate) {
    double over = candidate.tokens() - (limit - buffer);
    return over <= 0 ? 0 : -Math.min(1, over / buffer);
  }
}
