package dev.apo.worker.data;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.model.PromptFormat;
import java.util.ArrayList;
import java.util.List;

/**
 * The prompts of a data set that fit the limit; longer ones are dropped and counted, never cut.
 *
 * @param dropped number of prompts that were too long
 */
public record PromptSet(List<Prompt> prompts, int dropped) {

  /**
   * @param name what to call the data in messages
   * @throws ApoException BAD_DATA if no prompt is left, or one has no token at all
   */
  public static PromptSet of(
      String name, List<Example> examples, PromptFormat format, int maxPromptTokens) {
    var kept = new ArrayList<Prompt>();
    for (Example example : examples) {
      String text = format.render(example.prompt());
      int[] tokens = format.encode(text);
      if (tokens.length == 0) {
        throw new ApoException(
            ExitCode.BAD_DATA,
            example.place() + ": the prompt has no tokens; check the data and the tokenizer.");
      }
      if (tokens.length <= maxPromptTokens) {
        kept.add(new Prompt(example.row(), text, example.answer(), tokens));
      }
    }
    if (kept.isEmpty()) {
      throw new ApoException(
          ExitCode.BAD_DATA,
          "All "
              + examples.size()
              + " prompts of "
              + name
              + " are longer than spec.sampling.maxPromptTokens "
              + maxPromptTokens
              + "; raise it.");
    }
    return new PromptSet(List.copyOf(kept), examples.size() - kept.size());
  }
}
