package dev.apo.worker.reward;

/**
 * The MATH scorer of A*-PO (arXiv 2505.20686) and verl: 1 if the last box holds the answer, in the
 * normal form of {@link MathNormaliser}; else 0. So {@code 2.0} is not {@code 2}.
 *
 * <p>The answer is either a worked solution of the data set, whose last box counts, or what should
 * be in the box.
 *
 * @param untilEnd whether a response that did not end by itself gets 0, as the released code does
 *     while it trains
 */
record MathReward(boolean untilEnd) implements LocalReward {
  /** How the released code sees the end: the text that it scores must end with it. */
  static final String END = "<|endoftext|>";

  @Override
  public String id() {
    return untilEnd ? "math-until-end" : "math";
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public double score(Candidate candidate) {
    if (untilEnd && candidate.truncated()) {
      return 0;
    }
    String text = untilEnd ? candidate.response() + END : candidate.response();
    String answer = Boxed.ofAnswer(candidate.answer());
    return Boxed.last(text).filter(box -> MathNormaliser.equivalent(box, answer)).isPresent()
        ? 1
        : 0;
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
