package dev.apo.worker.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Templates beside what transformers makes of them: {@code src/test/fixtures/make_chats.py}. */
class TemplateTest {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.USE_LONG_FOR_INTS);

  static Stream<Arguments> cases() throws IOException {
    return JSON.readTree(TemplateTest.class.getResourceAsStream("/chats.json"))
        .valueStream()
        .map(test -> Arguments.of(test.get("name").asText(), test));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void rendersWhatTransformersRendersAndRefusesWhatItRefuses(String name, JsonNode test)
      throws IOException {
    if (test.has("expected")) {
      assertThat(render(test)).isEqualTo(test.get("expected").asText());
    } else {
      assertThatExceptionOfType(TemplateException.class)
          .isThrownBy(() -> render(test))
          .withMessageMatching("(?s)line \\d+: .+");
    }
  }

  private static String render(JsonNode test) throws IOException {
    Map<String, Object> variables = new HashMap<>();
    variables.put("bos_token", "<s>");
    variables.put("eos_token", "</s>");
    variables.put("add_generation_prompt", true);
    variables.put("tools", null);
    variables.put("messages", JSON.treeToValue(test.get("messages"), Object.class));
    test.get("variables")
        .properties()
        .forEach(v -> variables.put(v.getKey(), JSON.convertValue(v.getValue(), Object.class)));
    return Template.parse(test.get("template").asText())
        .render(
            variables,
            Map.of("raise_exception", Template::raise, "strftime_now", format -> "26 Jul 2024"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiterString = " -> ",
      quoteCharacter = '`',
      value = {
        "{{ 2 ** 3 }}                                    -> line 1: unexpected **, expected }}",
        "{% include 'x' %}                               -> line 1: unexpected x, the tag include",
        "{{ [1] }}                                       -> line 1: printing a list",
        "{{ 'a'.encode() }}                              -> line 1: encode is undefined",
        "{{ 'a' | trim('b', 'c') }}                      -> line 1: takes at most 1 arguments",
        "{{ 'a'.split(',', most=1) }}                    -> line 1: there is no argument most",
        "{% set l = [] %}{{ l.append(1) }}               -> line 1: append is undefined",
      })
  void refusesWhatItDoesNotDoInsteadOfWritingAnotherText(String template, String message) {
    assertThatExceptionOfType(TemplateException.class)
        .isThrownBy(() -> render(template))
        .withMessageStartingWith(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiterString = " -> ",
      quoteCharacter = '`',
      value = {
        "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}  -> rounds",
        "{{ range(999999999) | length }}                                               -> range",
        "{{ 'abcdefgh' * 99999999999 }}                                                -> characters",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}                               -> deeply",
      })
  void endsWhatWouldNotEnd(String template, String message) {
    assertThatExceptionOfType(TemplateException.class)
        .isThrownBy(() -> render(template))
        .withMessageContaining(message);
  }

  @Test
  void refusesBracketsWithoutEnd() {
    assertThatExceptionOfType(TemplateException.class)
        .isThrownBy(() -> render("{{ " + "(".repeat(100_000) + "1"))
        .withMessageContaining("no end");
    assertThatExceptionOfType(TemplateException.class)
        .isThrownBy(() -> render("{{ " + "(".repeat(100_000) + "1" + ")".repeat(100_000) + "}}"))
        .withMessageContaining("nested too deeply");
  }

  private static String render(String template) {
    return Template.parse(template).render(Map.of(), Map.of());
  }
}
