package dev.apo.worker.data;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Turns rows into examples.
 *
 * @param promptField the column of the prompt
 * @param answerField the column of the answer
 * @param template the text around the prompt
 */
public record Examples(String promptField, String answerField, PromptTemplate template) {
  private static final Object MISSING = new Object();

  /**
   * The example of one row.
   *
   * @throws ApoException if a field is missing, empty, or neither text nor a number
   */
  public Example of(Row row) {
    return new Example(
        row.index(),
        template.render(text(row, promptField), field -> text(row, field)),
        text(row, answerField));
  }

  /**
   * The first {@code limit} examples of a file; all of them if there are fewer. The rest of the
   * file is not read.
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

  private static String text(Row row, String field) {
    Object value = value(row.fields(), field);
    if (value == MISSING) {
      throw bad(
          row,
          "there is no column \"" + field + "\"; the columns are " + quoted(row.fields().keySet()));
    }
    if (value instanceof String text) {
      if (text.isBlank()) {
        throw bad(row, "\"" + field + "\" is empty");
      }
      return text;
    }
    if (value instanceof BigDecimal number) {
      // Written out, 1e999999999 would fill the memory.
      return Math.abs(number.scale()) > 1000 ? number.toString() : number.toPlainString();
    }
    if (value instanceof Number number) {
      return number.toString();
    }
    throw bad(row, "\"" + field + "\" must be text or a number, and is " + kind(value));
  }

  /** A column, or a field within one: {@code extra_info.answer}. */
  private static Object value(Map<?, ?> fields, String name) {
    if (fields.containsKey(name)) {
      return fields.get(name);
    }
    int dot = name.indexOf('.');
    return dot > 0 && fields.get(name.substring(0, dot)) instanceof Map<?, ?> nested
        ? value(nested, name.substring(dot + 1))
        : MISSING;
  }

  private static ApoException bad(Row row, String reason) {
    return new ApoException(ExitCode.BAD_DATA, row.place() + ": " + reason + ".");
  }

  private static String quoted(Iterable<String> names) {
    List<String> quoted = new ArrayList<>();
    names.forEach(name -> quoted.add('"' + name + '"'));
    return quoted.isEmpty() ? "none" : String.join(", ", quoted);
  }

  private static String kind(Object value) {
    if (value == null) {
      return "null";
    }
    if (value instanceof Boolean) {
      return "true or false";
    }
    return value instanceof List ? "a list" : "an object";
  }
}
