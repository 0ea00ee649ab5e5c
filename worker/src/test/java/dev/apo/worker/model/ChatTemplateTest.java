package dev.apo.worker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChatTemplateTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TURNS =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}";

  @TempDir Path temporary;
  private Path model;

  @BeforeEach
  void copy() throws IOException {
    model = TestModels.copy("f32-tied-own-head-dim", temporary.resolve("model"));
  }

  private void config(String field, Object value) throws IOException {
    Path file = model.resolve("tokenizer_config.json");
    var json = (ObjectNode) JSON.readTree(file.toFile());
    json.set(field, JSON.valueToTree(value));
    JSON.writeValue(file.toFile(), json);
  }

  private ChatTemplate load() {
    return ChatTemplate.load(ModelDirectory.open(model));
  }

  @Test
  void isATextOfTheTokenizersConfiguration() throws IOException {
    config("chat_template", TURNS);

    assertThat(load().render("s", "u")).isEqualTo("system: s\nuser: u\n");
    assertThat(load().render(null, "u")).isEqualTo("user: u\n");
  }

  @Test
  void isTheDefaultAmongNamedOnes() throws IOException {
    Object other = Map.of("name", "tools", "template", "no");
    config("chat_template", new Object[] {other, Map.of("name", "default", "template", TURNS)});
    assertThat(load().render(null, "u")).isEqualTo("user: u\n");

    config("chat_template", new Object[] {other});
    refuses(this::load, "has no default chat template, only tools; set spec.data.chatTemplate");
  }

  @Test
  void isAFileOfItsOwnBeforeThat() throws IOException {
    config("chat_template", "no");
    Files.writeString(model.resolve("chat_template.jinja"), TURNS);

    assertThat(load().render(null, "u")).isEqualTo("user: u\n");
  }

  @Test
  void knowsTheSpecialTokensThatTheTokenizerHas() throws IOException {
    config("bos_token", Map.of("content", "<0>", "lstrip", false));
    config(
        "chat_template",
        "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ pad_token is defined }}");

    assertThat(load().render(null, "u")).isEqualTo("<0>u<1>False");
  }

  @Test
  void itsDateIsTheSameEveryDay() throws IOException {
    config(
        "chat_template",
        "{{ strftime_now('%A, %d %B %Y, %Y-%m-%d, %a %b') }} {{ messages[0].content }}");

    assertThat(load().render(null, "u")).isEqualTo("Friday, 26 July 2024, 2024-07-26, Fri Jul u");
  }

  @Test
  void aModelWithoutOneIsRefused() {
    refuses(this::load, "has no chat template; set spec.data.chatTemplate to false");
  }

  @ParameterizedTest
  @CsvSource(
      delimiterString = " -> ",
      value = {
        "{{ x -> line 1: a tag has no end",
        "{% if messages[0].role == 'system' %}{{ raise_exception('No system') }}{% endif %} -> line 1: No system",
        "{{ strftime_now('%j') }} -> line 1: the date format %j is not supported",
        "{{ messages[-1].content }} -> it leaves out the system prompt (spec.data.systemPrompt)",
        "{{ messages[0].content }} -> it leaves out the user's text",
      })
  void oneThatCannotBeUsedIsRefused(String template, String why) throws IOException {
    config("chat_template", template);

    refuses(
        () -> load().render("s", "u"),
        "tokenizer_config.json (chat_template) cannot be used: "
            + why
            + "; set spec.data.chatTemplate to false, and write");
  }

  private static void refuses(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String message) {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(call)
        .withMessageContaining(message)
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_DATA));
  }

  @Test
  void refusesWhatIsNotText() throws IOException {
    Files.write(model.resolve("chat_template.jinja"), new byte[] {'a', -1});

    refuses(this::load, "chat_template.jinja cannot be used: it is not text in UTF-8; set");
  }

  @Test
  void aPromptHasTheSpecialTokensThatTheTemplateWritesAndNoOthers() throws IOException {
    Path file = model.resolve("tokenizer.json");
    var json = (ObjectNode) JSON.readTree(file.toFile());
    json.set(
        "post_processor",
        JSON.readTree(
            """
            {"type": "TemplateProcessing",
             "single": [{"SpecialToken": {"id": "<0>", "type_id": 0}},
                        {"Sequence": {"id": "A", "type_id": 0}}],
             "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
             "special_tokens": {"<0>": {"id": "<0>", "ids": [0], "tokens": ["<0>"]}}}
            """));
    JSON.writeValue(file.toFile(), json);
    try (Tokenizer tokenizer = Tokenizer.load(ModelDirectory.open(model))) {
      config("chat_template", "<0>{{ messages[0].content }}");
      assertThat(new PromptFormat(tokenizer, load(), null).encode("<0>ă")).containsExactly(0, 3);
      assertThat(new PromptFormat(tokenizer, load(), null).encode("ă")).containsExactly(3);
      assertThat(PromptFormat.plain(tokenizer).encode("ă")).containsExactly(0, 3);
    }
  }
}
