package dev.apo.worker.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PromptTemplateTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{prompt} Put it within \\boxed{}. | 1+1? Put it within \\boxed{}.",
        "{prompt} Put it within \\boxed{{}}. | 1+1? Put it within \\boxed{}.",
        "[{level}] {prompt} {prompt} | [hard] 1+1? 1+1?",
        "{prompt} like {{prompt}} | 1+1? like {prompt}",
        "{{{prompt}}} | {1+1?}",
        "{prompt} \\frac{1}{2} \\text{a {b}} { prompt } | 1+1? \\frac{1}{2} \\text{a ok} { prompt }",
        "{prompt}} | 1+1?}",
        "{{prompt} | {1+1?",
      })
  void onlyIdentifiersInSingleBracesArePlaceholders(String template, String text) {
    Map<String, String> fields = Map.of("level", "hard", "b", "ok", "prompt", "another column");
    assertThat(PromptTemplate.parse(template).render("1+1?", fields::get)).isEqualTo(text);
  }

  @Test
  void bracesInValuesMeanNothing() {
    assertThat(PromptTemplate.parse("<{prompt}>").render("{x} {{y}}", name -> "no"))
        .isEqualTo("<{x} {{y}}>");
  }

  @Test
  void namesTheColumnsThatItUses() {
    assertThat(PromptTemplate.parse("{a} {prompt} {b} {a} {{c}}").fields())
        .containsExactly("a", "b");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "no placeholder", "{{prompt}}", "{ prompt }", "{problem}"})
  void refusesATemplateWithoutThePrompt(String template) {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> PromptTemplate.parse(template))
        .withMessageContaining("data.template has no {prompt}")
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_MANIFEST));
  }

  @Test
  void takesOtherFieldsFromTheRow() {
    Examples examples =
        new Examples("problem", "answer", PromptTemplate.parse("{prompt} ({level})"));
    Row row = new Row(3, "t, line 4", Map.of("problem", "1+1?", "answer", "2", "level", 5));
    assertThat(examples.of(row)).isEqualTo(new Example(3, "t, line 4", "1+1? (5)", "2"));
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> examples.of(new Row(3, "t, line 4", Map.of("problem", "p"))))
        .withMessage("t, line 4: there is no column \"level\"; the columns are \"problem\".");
  }
}
