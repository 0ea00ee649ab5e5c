package dev.apo.worker.reward;

/**
 * Shows a scorer the prompt followed by the response, as the released code of A*-PO does while it
 * trains. A prompt that happens to contain an answer can then be scored for the model.
 */
record PromptAndResponse(Reward scorer) implements Reward {
  @Override
  public String id() {
    return scorer.id() + "-on-prompt-and-response";
  }

  @Override
  public String version() {
    return scorer.version();
  }

  @Override
  public double score(String prompt, String response, String answer) {
    return scorer.score("", prompt + response, answer);
  }

  @Override
  public void checkAnswer(String answer) {
    scorer.checkAnswer(answer);
  }
}
