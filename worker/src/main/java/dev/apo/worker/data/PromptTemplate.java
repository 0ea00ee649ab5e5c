package dev.apo.worker.data;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The text around a prompt. {@code {prompt}} stands for the prompt field and must occur; {@code
 * {name}} stands for any other column. Only an identifier in braces is a placeholder, so LaTeX like
 * {@code \boxed{}} needs no care. Doubled braces are literal ones: {@code {{name}}} gives {@code
 * {name}}.
 */
public final class PromptTemplate {
  private static final String PROMPT = "prompt";
  private static final String IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*";

  /** In this order: a placeholder in literal braces, something in literal braces, a placeholder. */
  private static final Pattern BRACES =
      Pattern.compile(
          ("\\{\\{\\{(?<wrapped>ID)\\}\\}\\}"
                  + "|\\{\\{(?<literal>(?:ID)?)\\}\\}"
                  + "|\\{(?<field>ID)\\}")
              .replace("ID", IDENTIFIER));

  private final List<Part> parts;

  private PromptTemplate(List<Part> parts) {
    this.parts = parts;
  }

  /** Literal text, or the name of a field. */
  private record Part(String text, boolean isField) {}

  /**
   * Reads a template.
   *
   * @throws ApoException if it has no {@code {prompt}}
   */
  public static PromptTemplate parse(String template) {
    List<Part> parts = new ArrayList<>();
    Matcher braces = BRACES.matcher(template);
    int end = 0;
    for (; braces.find(); end = braces.end()) {
      parts.add(new Part(template.substring(end, braces.start()), false));
      if (braces.group("wrapped") != null) {
        parts.add(new Part("{", false));
        parts.add(new Part(braces.group("wrapped"), true));
        parts.add(new Part("}", false));
      } else if (braces.group("literal") != null) {
        parts.add(new Part("{" + braces.group("literal") + "}", false));
      } else {
        parts.add(new Part(braces.group("field"), true));
      }
    }
    parts.add(new Part(template.substring(end), false));
    if (!parts.contains(new Part(PROMPT, true))) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST,
          "data.template has no {prompt}, which stands for the prompt field: \""
              + template
              + "\".");
    }
    return new PromptTemplate(List.copyOf(parts));
  }

  /** The names of the columns that it uses, without the prompt. */
  public List<String> fields() {
    return parts.stream()
        .filter(part -> part.isField() && !part.text().equals(PROMPT))
        .map(Part::text)
        .distinct()
        .toList();
  }

  /**
   * The text that the model is given. Values are taken as they are: braces in them mean nothing.
   *
   * @param prompt the value of the prompt field
   * @param field gives the value of any other field by its name
   */
  public String render(String prompt, UnaryOperator<String> field) {
    StringBuilder text = new StringBuilder();
    for (Part part : parts) {
      if (!part.isField()) {
        text.append(part.text());
      } else {
        text.append(part.text().equals(PROMPT) ? prompt : field.apply(part.text()));
      }
    }
    return text.toString();
  }
}
