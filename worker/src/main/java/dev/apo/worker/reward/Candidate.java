package dev.apo.worker.reward;

import dev.apo.worker.data.Prompt;
import dev.apo.worker.model.Tokenizer;
import dev.apo.worker.sampling.Response;

/**
 * A response to score.
 *
 * @param prompt the text that the model was given
 * @param response the text that the model generated, without the prompt
 * @param answer the data's answer, as {@link Reward#checkAnswer} accepts it
 * @param tokens length of the response, its end-of-sequence token included
 * @param truncated whether the response ran into the length limit before it ended
 */
public record Candidate(
    String prompt, String response, String answer, int tokens, boolean truncated) {
  public static Candidate of(Prompt prompt, Response response, Tokenizer tokenizer) {
    return new Candidate(
        prompt.text(),
        tokenizer.decode(response.tokens()),
        prompt.answer(),
        response.tokens().length,
        response.truncated());
  }
}
