package dev.apo.worker.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** One node of the structural schema that the custom resource definition holds. */
record Schema(JsonNode json) {
  private static final String RESOURCE = "/META-INF/apo/apotrainings.apo.dev-v1.yaml";

  /** The schema of a whole APOTraining, the same that a cluster checks against. */
  static Schema ofApoTraining() {
    return Root.SCHEMA;
  }

  private static final class Root {
    static final Schema SCHEMA = load();

    private static Schema load() {
      try (InputStream in = Schema.class.getResourceAsStream(RESOURCE)) {
        Object crd = new Load(LoadSettings.builder().build()).loadFromInputStream(in);
        return new Schema(
            new ObjectMapper().valueToTree(crd).at("/spec/versions/0/schema/openAPIV3Schema"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  String type() {
    return json.path("type").asText("");
  }

  /** The schema of a field, or null where there is no such field. */
  Schema field(String name) {
    JsonNode property = json.path("properties").path(name);
    if (property.isMissingNode()) {
      property = json.path("additionalProperties");
    }
    return property.isObject() ? new Schema(property) : null;
  }

  /** The schema of a list's elements; what is said of the list is said of them. */
  Schema element() {
    return json.path("items") instanceof ObjectNode items && !items.has("description")
        ? new Schema(items.deepCopy().set("description", json.path("description")))
        : new Schema(json.path("items"));
  }

  List<String> fieldNames() {
    return sorted(json.path("properties").fieldNames());
  }

  List<String> required() {
    return texts("required");
  }

  List<String> values() {
    return texts("enum");
  }

  String description() {
    return json.path("description").asText("");
  }

  /** The value of an unset field, or null. */
  JsonNode defaultValue() {
    return json.get("default");
  }

  /** Whether any fields at all are taken, unchecked. */
  boolean isOpen() {
    return !json.has("properties") && !json.has("additionalProperties");
  }

  boolean isIntOrString() {
    return json.path("x-kubernetes-int-or-string").asBoolean();
  }

  /** The bound of that name, or null. */
  Double bound(String name) {
    return json.has(name) ? json.get(name).asDouble() : null;
  }

  boolean is(String flag) {
    return json.path(flag).asBoolean();
  }

  String pattern() {
    return json.path("pattern").asText(null);
  }

  /** Rules about one state of the object; those that compare two states are left to the cluster. */
  List<Rule> rules() {
    List<Rule> rules = new ArrayList<>();
    for (JsonNode rule : json.path("x-kubernetes-validations")) {
      String expression = rule.path("rule").asText();
      if (!expression.contains("oldSelf")) {
        rules.add(
            new Rule(expression, rule.path("message").asText(), rule.path("fieldPath").asText("")));
      }
    }
    return rules;
  }

  /**
   * A condition on {@code self}, in the Common Expression Language.
   *
   * @param fieldPath the field it is about, as {@code .a.b}, or empty
   */
  record Rule(String expression, String message, String fieldPath) {}

  private List<String> texts(String name) {
    List<String> texts = new ArrayList<>();
    json.path(name).forEach(text -> texts.add(text.asText()));
    return texts;
  }

  private static List<String> sorted(Iterator<String> names) {
    TreeSet<String> sorted = new TreeSet<>();
    names.forEachRemaining(sorted::add);
    return List.copyOf(sorted);
  }
}
