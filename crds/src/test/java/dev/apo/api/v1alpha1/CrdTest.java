package dev.apo.api.v1alpha1;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

class CrdTest {
  private static final Set<String> KUBERNETES_TYPES =
      Set.of("resources", "tolerations", "affinity", "env", "volumes", "volumeMounts");

  @Test
  void checkedInDefinitionIsUpToDate() throws IOException {
    assertUpToDate(Path.of("apotrainings.apo.dev-v1.yaml"), CrdGeneration.yaml());
  }

  @Test
  void generationIsDeterministic() {
    assertThat(CrdGeneration.yaml()).isEqualTo(CrdGeneration.yaml());
  }

  @Test
  void definitionIsSmallEnoughForKubectlApply() {
    assertThat(CrdGeneration.yaml()).hasSizeLessThan(250_000);
  }

  @Test
  void everyStringListAndMapIsBounded() {
    List<String> unbounded = new ArrayList<>();
    walk(
        "",
        CrdGeneration.schema(),
        false,
        (path, schema) -> {
          boolean bounded =
              switch (String.valueOf(schema.getType())) {
                case "string" -> schema.getMaxLength() != null || !schema.getEnum().isEmpty();
                case "array" -> schema.getMaxItems() != null;
                case "object" ->
                    schema.getAdditionalProperties() == null || schema.getMaxProperties() != null;
                default -> true;
              };
          if (!bounded) {
            unbounded.add(path);
          }
        });
    assertThat(unbounded).isEmpty();
  }

  @Test
  void everyWholeNumberOfOursIsBoundedOnBothSides() {
    List<String> unbounded = new ArrayList<>();
    walk(
        "",
        CrdGeneration.schema(),
        true,
        (path, schema) -> {
          if ("integer".equals(schema.getType())
              && (schema.getMinimum() == null || schema.getMaximum() == null)) {
            unbounded.add(path);
          }
        });
    assertThat(unbounded).isEmpty();
  }

  @Test
  void everyFieldOfOursIsDescribedInOneSentence() {
    List<String> undescribed = new ArrayList<>();
    walk(
        "",
        CrdGeneration.schema(),
        true,
        (path, schema) -> {
          boolean element = path.endsWith("[]") || path.endsWith("{}");
          boolean top = Set.of(".metadata", ".kind", ".apiVersion").contains(path);
          if (!element && !top && !String.valueOf(schema.getDescription()).endsWith(".")) {
            undescribed.add(path);
          }
        });
    assertThat(undescribed).isEmpty();
  }

  @Test
  void everyRuleSaysWhatToDo() {
    List<String> silent = new ArrayList<>();
    walk(
        "",
        CrdGeneration.schema(),
        false,
        (path, schema) ->
            schema.getXKubernetesValidations().stream()
                .filter(rule -> rule.getMessage() == null)
                .forEach(rule -> silent.add(path + ": " + rule.getRule())));
    assertThat(silent).isEmpty();
  }

  @Test
  void blocksThatConsistOfDefaultsAreFilledInWhenLeftOut() {
    JSONSchemaProps spec = CrdGeneration.schema().getProperties().get("spec");
    for (String block :
        List.of("sampling", "algorithm", "estimate", "train", "evaluate", "runPolicy")) {
      JSONSchemaProps schema = spec.getProperties().get(block);
      assertThat(schema.getDefault()).as(block).hasToString("{}");
      assertThat(schema.getRequired()).as(block).isEmpty();
    }
  }

  /** Compares a generated file, or rewrites it when {@code apo.crd.update} is set. */
  static void assertUpToDate(Path file, String wanted) throws IOException {
    if (Boolean.getBoolean("apo.crd.update")) {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(file, wanted);
    }
    assertThat(Files.exists(file) ? Files.readString(file) : "")
        .as(
            "%s is out of date; update it with: mvn -pl crds test -Dtest='Crd*' -Dapo.crd.update=true",
            file)
        .isEqualTo(wanted);
  }

  private static void walk(
      String path,
      JSONSchemaProps schema,
      boolean oursOnly,
      BiConsumer<String, JSONSchemaProps> visitor) {
    visitor.accept(path, schema);
    boolean pod = path.endsWith(".pod");
    schema
        .getProperties()
        .forEach(
            (name, child) -> {
              if (oursOnly && pod && KUBERNETES_TYPES.contains(name)) {
                visitor.accept(path + "." + name, child);
              } else {
                walk(path + "." + name, child, oursOnly, visitor);
              }
            });
    if (schema.getItems() != null) {
      walk(path + "[]", schema.getItems().getSchema(), oursOnly, visitor);
    }
    if (schema.getAdditionalProperties() != null) {
      walk(path + "{}", schema.getAdditionalProperties().getSchema(), oursOnly, visitor);
    }
  }
}
