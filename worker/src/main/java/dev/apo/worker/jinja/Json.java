package dev.apo.worker.jinja;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.core.util.Separators.Spacing;
import com.fasterxml.jackson.databind.ObjectMapper;

/** JSON spaced as Python spaces it. */
final class Json {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Json() {}

  static String of(Object value, Arguments a) {
    a.only("indent", "ensure_ascii");
    if (Values.isTrue(a.get(1, "ensure_ascii", false))) {
      throw new TemplateException("tojson with ensure_ascii is not supported");
    }
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    try {
      return JSON.writer(printer(a.get(0, "indent", null))).writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new TemplateException("tojson cannot write " + Values.kind(value));
    }
  }

  private static DefaultPrettyPrinter printer(Object indent) {
    Spacing comma = indent == null ? Spacing.AFTER : Spacing.NONE;
    var printer =
        new DefaultPrettyPrinter(
            Separators.createDefaultInstance()
                .withObjectFieldValueSpacing(Spacing.AFTER)
                .withObjectEntrySpacing(comma)
                .withArrayValueSpacing(comma)
                .withObjectEmptySeparator("")
                .withArrayEmptySeparator(""));
    if (indent == null) {
      var none = new DefaultPrettyPrinter.NopIndenter();
      printer.indentArraysWith(none);
      printer.indentObjectsWith(none);
    } else if (indent instanceof Long spaces && spaces >= 0 && spaces <= 16) {
      var lines = new DefaultIndenter(" ".repeat(spaces.intValue()), "\n");
      printer.indentArraysWith(lines);
      printer.indentObjectsWith(lines);
    } else {
      throw new TemplateException("the indent of tojson must be a number of spaces, 0 to 16");
    }
    return printer;
  }
}
