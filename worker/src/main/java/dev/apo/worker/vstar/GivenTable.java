package dev.apo.worker.vstar;

import dev.apo.api.v1alpha1.TableSpec;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.data.DataReader;
import dev.apo.worker.data.Prompt;
import dev.apo.worker.data.Row;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A table of responses and rewards that somebody else sampled, such as those which the paper's
 * released code reads and writes: columns {@code eval_i} hold rewards, {@code response_i}
 * responses, and a prompt's row is the one with its text.
 *
 * @param rows one for each prompt, in the order of the prompts
 * @param unused rows of the table that belong to no prompt
 */
public record GivenTable(List<VStarRow> rows, int unused) {

  /**
   * Reads the rows of some prompts. Of prompts with the same text, the n-th has the n-th such row,
   * and the last one those that are too few.
   *
   * @param samples how many of each row's responses to take, the first ones
   * @throws ApoException BAD_DATA if a prompt has no row, a row too few rewards, or another answer
   */
  public static GivenTable read(
      DataReader table, TableSpec spec, List<Prompt> prompts, int samples) {
    Map<String, Deque<Row>> byPrompt = new HashMap<>();
    prompts.forEach(prompt -> byPrompt.put(prompt.text(), new ArrayDeque<>()));
    int unused = 0;
    while (table.hasNext()) {
      Row row = table.next();
      Deque<Row> same = byPrompt.get(row.text(spec.promptField()));
      if (same == null) {
        unused++;
      } else {
        same.add(row);
      }
    }
    checkCovered(table.name(), spec, prompts, byPrompt);
    List<VStarRow> rows = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      Prompt prompt = prompts.get(i);
      Deque<Row> same = byPrompt.get(prompt.text());
      Row row = same.size() > 1 ? same.remove() : same.element();
      checkAnswer(row, spec, prompt);
      rows.add(new VStarRow(i, prompt.text(), prompt.answer(), samples(row, samples)));
    }
    return new GivenTable(List.copyOf(rows), unused);
  }

  private static void checkCovered(
      String table, TableSpec spec, List<Prompt> prompts, Map<String, Deque<Row>> byPrompt) {
    List<Prompt> missing =
        prompts.stream().filter(prompt -> byPrompt.get(prompt.text()).isEmpty()).toList();
    if (!missing.isEmpty()) {
      String text = missing.get(0).text();
      throw new ApoException(
          ExitCode.BAD_DATA,
          "The V* table %s has no row for %d of %d prompts, the first is that of row %d, \"%s\"; its column \"%s\" must hold prompts as the model is given them: check spec.data.template and spec.estimate.table."
              .formatted(
                  table,
                  missing.size(),
                  prompts.size(),
                  missing.get(0).row() + 1,
                  text.length() <= 80 ? text : text.substring(0, 80) + "…",
                  spec.promptField()));
    }
  }

  private static void checkAnswer(Row row, TableSpec spec, Prompt prompt) {
    if (spec.answerField() != null && !row.text(spec.answerField()).equals(prompt.answer())) {
      throw row.bad(
          "the answer is \"%s\", and that of the same prompt in spec.data.train is \"%s\""
              .formatted(row.text(spec.answerField()), prompt.answer()));
    }
  }

  private static List<Sample> samples(Row row, int count) {
    List<Sample> samples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      if (i > 0 && !row.has("eval_" + i)) {
        throw row.bad(
            "there are %d rewards, and spec.estimate.samplesPerPrompt is %d: lower it"
                .formatted(i, count));
      }
      String tokens = "tokens_" + i;
      String truncated = "truncated_" + i;
      samples.add(
          new Sample(
              row.textOrEmpty("response_" + i),
              row.number("eval_" + i),
              row.has(tokens) ? (int) row.number(tokens) : 0,
              row.has(truncated) && row.number(truncated) != 0));
    }
    return samples;
  }
}
