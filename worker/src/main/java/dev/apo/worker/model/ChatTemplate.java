package dev.apo.worker.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import dev.apo.worker.jinja.Template;
import dev.apo.worker.jinja.TemplateException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The conversation format that a model was tuned on, as its tokenizer keeps it: {@code
 * chat_template.jinja}, or {@code chat_template} in {@code tokenizer_config.json}, a text or named
 * ones of which {@code default} is taken.
 */
public final class ChatTemplate {
  private static final List<String> SPECIAL_TOKENS =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  /**
   * What templates are told is today. The real date would make other prompts every day, and with
   * them another V* table; this is the one that Llama's templates take where they are told none.
   */
  private static final LocalDate TODAY = LocalDate.of(2024, 7, 26);

  /** Directives of strftime, and the same in Java. */
  private static final Map<String, String> DIRECTIVES =
      Map.of(
          "%Y",
          "yyyy", "%m", "MM", "%d", "dd", "%b", "MMM", "%B", "MMMM", "%a", "EEE", "%A", "EEEE");

  private static final Pattern DIRECTIVE = Pattern.compile("%.?", Pattern.DOTALL);

  private final String where;
  private final Template template;
  private final Map<String, Object> variables;

  private ChatTemplate(String where, Template template, Map<String, Object> variables) {
    this.where = where;
    this.template = template;
    this.variables = variables;
  }

  /**
   * @throws ApoException BAD_DATA if the model has no chat template, or one that cannot be read
   */
  public static ChatTemplate load(ModelDirectory model) {
    Path file = model.path().resolve("chat_template.jinja");
    Path configFile = model.path().resolve("tokenizer_config.json");
    JsonNode config =
        Files.exists(configFile) ? ModelDirectory.readJson(configFile) : MissingNode.getInstance();
    boolean own = Files.exists(file);
    String where = own ? file.toString() : configFile + " (chat_template)";
    String source = own ? read(file) : source(config.path("chat_template"), model.path());
    var variables = new HashMap<String, Object>();
    for (String name : SPECIAL_TOKENS) {
      JsonNode token = config.path(name);
      JsonNode text = token.isObject() ? token.path("content") : token;
      if (text.isTextual()) {
        variables.put(name, text.asText());
      }
    }
    try {
      return new ChatTemplate(where, Template.parse(source), variables);
    } catch (TemplateException e) {
      throw unusable(where, e.getMessage(), e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw unusable(file.toString(), "it is not text in UTF-8", e);
    } catch (IOException e) {
      throw FileErrors.explain("read", file, e);
    }
  }

  private static String source(JsonNode node, Path model) {
    if (node.isTextual()) {
      return node.asText();
    }
    var names = new ArrayList<String>();
    for (JsonNode named : node) {
      if (named.path("name").asText().equals("default")) {
        return named.path("template").asText();
      }
      names.add(named.path("name").asText());
    }
    throw new ApoException(
        ExitCode.BAD_DATA,
        "The model in "
            + model
            + (names.isEmpty()
                ? " has no chat template"
                : " has no default chat template, only " + String.join(", ", names))
            + "; set spec.data.chatTemplate to false, and write what it should say into"
            + " spec.data.template.");
  }

  /**
   * A conversation up to where the model's answer begins.
   *
   * @param system the system prompt, or null for what the template does without one
   * @param user the user's text
   * @throws ApoException BAD_DATA if the template cannot be rendered, or leaves out one of the
   *     texts
   */
  public String render(String system, String user) {
    var messages = new ArrayList<Map<String, Object>>();
    if (system != null) {
      messages.add(Map.of("role", "system", "content", system));
    }
    messages.add(Map.of("role", "user", "content", user));
    var all = new HashMap<>(variables);
    all.put("messages", messages);
    all.put("tools", null);
    all.put("documents", null);
    all.put("add_generation_prompt", true);
    String text;
    try {
      text =
          template.render(
              all, Map.of("raise_exception", Template::raise, "strftime_now", ChatTemplate::today));
    } catch (TemplateException e) {
      throw unusable(where, e.getMessage(), e);
    }
    if (system != null && !text.contains(system.strip())) {
      throw unusable(where, "it leaves out the system prompt (spec.data.systemPrompt)", null);
    }
    if (!text.contains(user.strip())) {
      throw unusable(where, "it leaves out the user's text", null);
    }
    return text;
  }

  private static String today(String format) {
    Matcher directives = DIRECTIVE.matcher(format);
    return directives.replaceAll(
        directive -> {
          String java = DIRECTIVES.get(directive.group());
          if (java == null) {
            Template.raise("the date format " + directive.group() + " is not supported");
          }
          return TODAY.format(DateTimeFormatter.ofPattern(java, Locale.ENGLISH));
        });
  }

  private static ApoException unusable(String where, String why, Throwable cause) {
    return new ApoException(
        ExitCode.BAD_DATA,
        "The chat template "
            + where
            + " cannot be used: "
            + why
            + "; set spec.data.chatTemplate to false, and write what it should say into"
            + " spec.data.template.",
        cause);
  }
}
