package dev.apo.worker.data;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.Names;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One row of the data, whatever the format of its file. A field is named by its column, or by the
 * way into it: {@code extra_info.answer}, {@code prompt.0.content}.
 *
 * @param index its index among all rows, from 0
 * @param place where it is, for messages: file and line
 * @param fields its columns in file order; numbers as {@link Number}, a nested value as {@link Map}
 *     or {@link List}
 */
public record Row(int index, String place, Map<String, Object> fields) {
  private static final Object MISSING = new Object();

  /** Whether there is such a field. */
  public boolean has(String field) {
    return find(fields, field) != MISSING;
  }

  /**
   * A field as text: text itself, a number as it was written, or the content of a conversation that
   * consists of one message.
   *
   * @throws ApoException BAD_DATA if the field is missing, empty, or something else
   */
  public String text(String field) {
    Object value = content(value(field));
    if (value instanceof String text) {
      if (text.isBlank()) {
        throw bad("\"" + field + "\" is empty");
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
    throw bad("\"" + field + "\" must be text or a number, and is " + kind(value));
  }

  /** A field as text, which may be empty; empty also if there is none. */
  public String textOrEmpty(String field) {
    return find(fields, field) instanceof String text ? text : "";
  }

  /**
   * A field as a number; true and false are 1 and 0, and a CSV's text may spell one.
   *
   * @throws ApoException BAD_DATA if the field is missing, or no finite number
   */
  public double number(String field) {
    Object value = value(field);
    double number = Double.NaN;
    if (value instanceof Number n) {
      number = n.doubleValue();
    } else if (value instanceof Boolean b) {
      number = b ? 1 : 0;
    } else if (value instanceof String text
        && text.matches("\\s*[-+]?[0-9.]+([eE][-+]?\\d+)?\\s*")) {
      number = parsed(text);
    }
    if (!Double.isFinite(number)) {
      throw bad("\"" + field + "\" must be a finite number, and is " + kind(value));
    }
    return number;
  }

  private static double parsed(String text) {
    try {
      return Double.parseDouble(text.strip());
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  /** A row that cannot be used, and why. */
  public ApoException bad(String reason) {
    return new ApoException(ExitCode.BAD_DATA, place + ": " + reason + ".");
  }

  private Object value(String field) {
    Object value = find(fields, field);
    if (value == MISSING) {
      throw bad(
          "there is no column \""
              + field
              + Names.nearest(field, names("", fields))
                  .map(nearest -> "\"; did you mean \"" + nearest + "\"? The columns are ")
                  .orElse("\"; the columns are ")
              + quoted(fields.keySet()));
    }
    return value;
  }

  private static Object find(Object container, String name) {
    if (container instanceof Map<?, ?> fields && fields.containsKey(name)) {
      return fields.get(name);
    }
    int dot = name.indexOf('.');
    Object first = step(container, dot < 0 ? name : name.substring(0, dot));
    return dot < 0 || first == MISSING ? first : find(first, name.substring(dot + 1));
  }

  private static Object step(Object container, String name) {
    if (container instanceof Map<?, ?> fields && fields.containsKey(name)) {
      return fields.get(name);
    }
    if (container instanceof List<?> list && name.matches("\\d{1,9}")) {
      int index = Integer.parseInt(name);
      return index < list.size() ? list.get(index) : MISSING;
    }
    return MISSING;
  }

  private static Object content(Object value) {
    return value instanceof List<?> messages
            && messages.size() == 1
            && messages.get(0) instanceof Map<?, ?> message
            && message.containsKey("content")
        ? message.get("content")
        : value;
  }

  /** The names of all columns and of the fields within them. */
  private static List<String> names(String prefix, Map<?, ?> fields) {
    List<String> names = new ArrayList<>();
    fields.forEach(
        (name, value) -> {
          names.add(prefix + name);
          if (value instanceof Map<?, ?> nested) {
            names.addAll(names(prefix + name + ".", nested));
          }
        });
    return names;
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
    if (value instanceof String) {
      return "text";
    }
    if (value instanceof Boolean) {
      return "true or false";
    }
    if (value instanceof Number number) {
      return number.toString();
    }
    return value instanceof List ? "a list" : "an object";
  }
}
