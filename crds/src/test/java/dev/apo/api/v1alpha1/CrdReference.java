package dev.apo.api.v1alpha1;

import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.api.model.apiextensions.v1.ValidationRule;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Writes the reference of the API's fields as Markdown. */
final class CrdReference {
  /** Fields whose types are Kubernetes' own and are described there. */
  private static final Map<String, String> KUBERNETES_TYPES =
      Map.of(
          "resources", "ResourceRequirements",
          "tolerations", "list of Toleration",
          "affinity", "Affinity",
          "env", "list of EnvVar",
          "volumes", "list of Volume",
          "volumeMounts", "list of VolumeMount");

  private static final Set<String> NOT_OURS = Set.of("apiVersion", "kind", "metadata");

  private CrdReference() {}

  static String markdown(JSONSchemaProps root) {
    StringBuilder out = new StringBuilder();
    out.append("# APOTraining, `apo.dev/v1alpha1`\n\n")
        .append("<!-- Generated from the Java API types by `make crd`. -->\n\n")
        .append("A cluster and a laptop check the same: types, bounds and rules of this page. ")
        .append("A field without a default is unset when it is left out. ")
        .append("Types such as EnvVar are those of Kubernetes.\n");
    root.getProperties()
        .forEach(
            (name, schema) -> {
              if (!NOT_OURS.contains(name)) {
                section(name, schema, out);
              }
            });
    return out.toString();
  }

  private static void section(String path, JSONSchemaProps schema, StringBuilder out) {
    out.append("\n## `").append(path).append("`\n\n");
    if (schema.getDescription() != null) {
      out.append(schema.getDescription()).append("\n\n");
    }
    out.append("| field | type | default | bounds | description |\n|---|---|---|---|---|\n");
    schema
        .getProperties()
        .forEach((name, field) -> out.append(row(name, field, schema.getRequired())));
    rules(schema, out);
    schema
        .getProperties()
        .forEach(
            (name, field) -> {
              JSONSchemaProps block = isList(field) ? field.getItems().getSchema() : field;
              if (!KUBERNETES_TYPES.containsKey(name) && !block.getProperties().isEmpty()) {
                section(path + "." + name + (isList(field) ? "[]" : ""), block, out);
              }
            });
  }

  private static String row(String name, JSONSchemaProps field, List<String> required) {
    return List.of(
            "`" + name + "`",
            type(name, field) + (required.contains(name) ? ", **required**" : ""),
            field.getDefault() == null || "{}".equals(field.getDefault().toString())
                ? ""
                : "`" + field.getDefault() + "`",
            bounds(field),
            field.getDescription())
        .stream()
        .map(cell -> cell.replace("|", "\\|"))
        .map(cell -> cell.isEmpty() ? "| " : "| " + cell + " ")
        .collect(Collectors.joining("", "", "|\n"));
  }

  private static String type(String name, JSONSchemaProps field) {
    if (KUBERNETES_TYPES.containsKey(name)) {
      return KUBERNETES_TYPES.get(name);
    }
    if (isList(field)) {
      return "list";
    }
    return field.getAdditionalProperties() != null ? "map of strings" : field.getType();
  }

  private static String bounds(JSONSchemaProps field) {
    List<String> bounds = new ArrayList<>();
    if (!field.getEnum().isEmpty()) {
      bounds.add(
          field.getEnum().stream()
              .map(value -> "`" + value.asText() + "`")
              .collect(Collectors.joining(", ")));
    }
    if (field.getMinimum() != null) {
      boolean above = Boolean.TRUE.equals(field.getExclusiveMinimum());
      bounds.add((above ? "above " : "at least ") + plain(field.getMinimum()));
    }
    if (field.getMaximum() != null) {
      bounds.add("at most " + plain(field.getMaximum()));
    }
    if (field.getMaxLength() != null) {
      long least = field.getMinLength() == null ? 0 : field.getMinLength();
      bounds.add(least + " to " + field.getMaxLength() + " characters");
    }
    if (field.getMaxItems() != null) {
      bounds.add("at most " + field.getMaxItems() + " elements");
    }
    if (field.getMaxProperties() != null) {
      bounds.add("at most " + field.getMaxProperties() + " entries");
    }
    return String.join(", ", bounds);
  }

  private static void rules(JSONSchemaProps schema, StringBuilder out) {
    if (!schema.getXKubernetesValidations().isEmpty()) {
      out.append("\nRules:\n\n");
    }
    for (ValidationRule rule : schema.getXKubernetesValidations()) {
      out.append("- ").append(rule.getMessage()).append('\n');
    }
  }

  private static boolean isList(JSONSchemaProps field) {
    return field.getItems() != null;
  }

  private static String plain(double number) {
    return new BigDecimal(number).stripTrailingZeros().toPlainString();
  }
}
