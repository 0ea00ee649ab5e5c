package dev.apo.worker.data;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.util.ArrayList;
import java.util.List;

/**
 * Turns rows into examples.
 *
 * @param promptField the column of the prompt
 * @param answerField the column of the answer
 * @param template the text around the prompt
 */
public record Examples(String promptField, String answerField, PromptTemplate template) {
  /**
   * The example of one row.
   *
   * @throws ApoException if a field is missing, empty, or neither text nor a number
   */
  public Example of(Row row) {
    return new Example(
        row.index(),
        row.place(),
        template.render(row.text(promptField), row::text),
        row.text(answerField));
  }

  /**
   * The first {@code limit} examples; all of them if there are fewer. The rest is not read.
   *
   * @throws ApoException if there is no row at all, or a row is not as expected
   */
  public List<Example> read(DataReader reader, int limit) {
    List<Example> examples = new ArrayList<>();
    while (examples.size() < limit && reader.hasNext()) {
      examples.add(of(reader.next()));
    }
    if (examples.isEmpty()) {
      throw new ApoException(
          ExitCode.BAD_DATA,
          reader.name()
              + " has no rows; expected the columns \""
              + promptField
              + "\" and \""
              + answerField
              + "\".");
    }
    return List.copyOf(examples);
  }
}
