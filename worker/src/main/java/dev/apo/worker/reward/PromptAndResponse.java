package dev.apo.worker.reward;

/**
 * Shows a scorer the prompt followed by the response, as the released code of A*-PO does while it
 * trains. A prompt that happens to contain an answer can then be scored for the model.
 */
record PromptAndResponse(LocalReward scorer) implements LocalReward {
  @Override
  public String id() {
    return scorer.id() + "-on-prompt-and-response";
  }

  @Override
  public String version() {
    return scorer.version();
  }

  @Override
  public double score(Candidate c) {
    return scorer.score(
        new Candidate("", c.prompt() + c.response(), c.answer(), c.tokens(), c.truncated()));
  }

  @Override
  public String groundTruth(String answer) {
    return scorer.groundTruth(answer);
  }

  @Override
  public void checkAnswer(String answer) {
    scorer.checkAnswer(answer);
  }
}
