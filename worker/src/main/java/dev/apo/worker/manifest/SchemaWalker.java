package dev.apo.worker.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.apo.worker.Names;
import java.math.BigDecimal;
import java.util.List;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Checks YAML against a structural schema, as an API server does, and fills in the defaults. The
 * first problem ends it.
 */
final class SchemaWalker {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** Deeper than any field of the schema; only a document that contains itself gets there. */
  private static final int MAX_DEPTH = 64;

  /** Longer patterns say less to people than the description of the field. */
  private static final int READABLE_PATTERN = 40;

  private SchemaWalker() {}

  /**
   * @param path where {@code node} is, as people write it; empty for the document
   * @return the value with defaults, in the types that the schema names
   * @throws Problem when the value does not fit
   */
  static JsonNode walk(String path, Schema schema, Node node) {
    return value(path, schema, node, 0);
  }

  /** A block of which nothing is set. */
  static ObjectNode defaults(Schema schema) {
    return addDefaults(schema, JSON.objectNode());
  }

  private static JsonNode value(String path, Schema schema, Node node, int depth) {
    if (depth > MAX_DEPTH) {
      throw new Problem(node, path + " contains itself");
    }
    if (schema.isIntOrString()) {
      return intOrString(path, node);
    }
    return switch (schema.type()) {
      case "object" -> object(path, schema, node, depth);
      case "array" -> array(path, schema, node, depth);
      case "string" -> string(path, schema, node);
      case "integer" -> integer(path, schema, node);
      case "number" -> number(path, schema, node);
      case "boolean" -> bool(path, node);
      default -> open(path, node, depth);
    };
  }

  private static ObjectNode object(String path, Schema schema, Node node, int depth) {
    if (!(node instanceof MappingNode mapping)) {
      throw wrongType(path, "a block of fields", node);
    }
    ObjectNode object = JSON.objectNode();
    YamlNodes.fields(path, mapping)
        .forEach(
            (name, tuple) -> {
              Node field = tuple.getValueNode();
              Schema fieldSchema =
                  schema.isOpen() ? new Schema(JSON.objectNode()) : schema.field(name);
              if (fieldSchema == null) {
                throw unknown(path, name, schema.fieldNames(), tuple.getKeyNode());
              }
              if (!Tag.NULL.equals(field.getTag())) {
                object.set(name, value(YamlNodes.join(path, name), fieldSchema, field, depth + 1));
              }
            });
    between(path, schema, "Properties", object.size(), "field", node);
    for (String name : schema.required()) {
      if (!object.has(name)) {
        throw new Problem(
            node,
            "%s is missing: %s".formatted(YamlNodes.join(path, name), hint(schema.field(name))));
      }
    }
    return addDefaults(schema, object);
  }

  /** Sets what is unset and has a default, at any depth. */
  private static ObjectNode addDefaults(Schema schema, ObjectNode object) {
    for (String name : schema.fieldNames()) {
      Schema field = schema.field(name);
      if (!object.has(name) && field.defaultValue() != null) {
        JsonNode value = typed(field, field.defaultValue());
        object.set(
            name, value instanceof ObjectNode block ? addDefaults(field, block.deepCopy()) : value);
      }
    }
    return object;
  }

  private static JsonNode typed(Schema schema, JsonNode value) {
    return switch (schema.type()) {
      case "integer" -> JSON.numberNode(value.asLong());
      case "number" -> JSON.numberNode(value.asDouble());
      default -> value;
    };
  }

  private static ArrayNode array(String path, Schema schema, Node node, int depth) {
    if (!(node instanceof SequenceNode sequence)) {
      throw wrongType(path, "a list", node);
    }
    ArrayNode array = JSON.arrayNode();
    for (Node element : sequence.getValue()) {
      String at = "%s[%d]".formatted(path, array.size());
      array.add(value(at, schema.element(), element, depth + 1));
    }
    between(path, schema, "Items", array.size(), "element", node);
    return array;
  }

  private static JsonNode string(String path, Schema schema, Node node) {
    if (!(node instanceof ScalarNode scalar)) {
      throw wrongType(path, "text", node);
    }
    if (!Tag.STR.equals(node.getTag())) {
      throw new Problem(
          node,
          "%s must be text, but is %s: put it in quotes".formatted(path, YamlNodes.describe(node)));
    }
    String text = scalar.getValue();
    List<String> values = schema.values();
    if (!values.isEmpty() && !values.contains(text)) {
      throw new Problem(
          node,
          "%s must be %s, but is %s%s"
              .formatted(path, oneOf(values), YamlNodes.quote(text), suggestion(text, values)));
    }
    between(path, schema, "Length", text.codePointCount(0, text.length()), "character", node);
    String pattern = schema.pattern();
    if (pattern != null && !Pattern.compile(pattern).matcher(text).find()) {
      throw new Problem(
          node,
          "%s cannot be %s: %s%s"
              .formatted(
                  path,
                  YamlNodes.quote(text),
                  hint(schema),
                  pattern.length() <= READABLE_PATTERN ? " It must match " + pattern : ""));
    }
    return JSON.textNode(text);
  }

  private static JsonNode integer(String path, Schema schema, Node node) {
    BigDecimal value = decimal(path, "a whole number", node);
    if (value.stripTrailingZeros().scale() > 0) {
      throw wrongType(path, "a whole number", node);
    }
    inBounds(path, schema, value, node);
    return whole(path, value, node);
  }

  private static JsonNode whole(String path, BigDecimal value, Node node) {
    if (value.abs().compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      throw outside(
          path,
          value.signum() > 0 ? "at most" : "at least",
          Long.MAX_VALUE * (double) value.signum(),
          node);
    }
    return JSON.numberNode(value.longValueExact());
  }

  private static JsonNode number(String path, Schema schema, Node node) {
    BigDecimal decimal = decimal(path, "a number", node);
    inBounds(path, schema, decimal, node);
    double value = decimal.doubleValue();
    if (Double.isInfinite(value)) {
      throw wrongType(path, "a number of double precision", node);
    }
    // What is positive as written may be 0 as a double.
    inBounds(path, schema, BigDecimal.valueOf(value), node);
    return JSON.numberNode(value);
  }

  private static JsonNode bool(String path, Node node) {
    if (!Tag.BOOL.equals(node.getTag())) {
      throw wrongType(path, "true or false", node);
    }
    return JSON.booleanNode(Boolean.parseBoolean(((ScalarNode) node).getValue()));
  }

  private static JsonNode intOrString(String path, Node node) {
    if (Tag.INT.equals(node.getTag())) {
      return whole(path, decimal(path, "a whole number", node), node);
    }
    if (Tag.STR.equals(node.getTag())) {
      return JSON.textNode(((ScalarNode) node).getValue());
    }
    throw new Problem(
        node,
        "%s must be a whole number or text, but is %s: put it in quotes"
            .formatted(path, YamlNodes.describe(node)));
  }

  /** A value that the schema says nothing about. */
  private static JsonNode open(String path, Node node, int depth) {
    Schema anything = new Schema(JSON.objectNode());
    if (node instanceof MappingNode) {
      return object(path, anything, node, depth);
    }
    if (node instanceof SequenceNode sequence) {
      ArrayNode array = JSON.arrayNode();
      for (Node element : sequence.getValue()) {
        array.add(value(path + "[]", anything, element, depth + 1));
      }
      return array;
    }
    if (YamlNodes.isNumber(node)) {
      return JSON.numberNode(decimal(path, "a number", node));
    }
    if (Tag.BOOL.equals(node.getTag())) {
      return bool(path, node);
    }
    return Tag.NULL.equals(node.getTag())
        ? JSON.nullNode()
        : JSON.textNode(((ScalarNode) node).getValue());
  }

  private static BigDecimal decimal(String path, String wanted, Node node) {
    BigDecimal value = YamlNodes.isNumber(node) ? YamlNodes.decimal(node) : null;
    if (value == null) {
      boolean quoted = node instanceof ScalarNode && YamlNodes.decimal(node) != null;
      Problem problem = wrongType(path, wanted, node);
      throw quoted
          ? new Problem(problem.line(), problem.getMessage() + ": remove the quotes")
          : problem;
    }
    return value;
  }

  private static void inBounds(String path, Schema schema, BigDecimal value, Node node) {
    Double least = schema.bound("minimum");
    if (least != null) {
      int sign = value.compareTo(BigDecimal.valueOf(least));
      boolean exclusive = schema.is("exclusiveMinimum");
      if (sign < 0 || (sign == 0 && exclusive)) {
        throw outside(path, exclusive ? "greater than" : "at least", least, node);
      }
    }
    Double most = schema.bound("maximum");
    if (most != null) {
      int sign = value.compareTo(BigDecimal.valueOf(most));
      boolean exclusive = schema.is("exclusiveMaximum");
      if (sign > 0 || (sign == 0 && exclusive)) {
        throw outside(path, exclusive ? "less than" : "at most", most, node);
      }
    }
  }

  private static Problem outside(String path, String relation, double bound, Node node) {
    return new Problem(
        node,
        "%s must be %s %s, but is %s"
            .formatted(
                path,
                relation,
                new BigDecimal(bound).stripTrailingZeros().toPlainString(),
                ((ScalarNode) node).getValue()));
  }

  private static void between(
      String path, Schema schema, String of, int size, String unit, Node node) {
    Double least = schema.bound("min" + of);
    if (least != null && size < least) {
      throw new Problem(node, sizeMessage(path, "at least", least, unit, size));
    }
    Double most = schema.bound("max" + of);
    if (most != null && size > most) {
      throw new Problem(node, sizeMessage(path, "at most", most, unit, size));
    }
  }

  private static String sizeMessage(
      String path, String relation, double bound, String unit, int size) {
    return "%s must have %s %d %s%s, but has %s"
        .formatted(
            path, relation, (long) bound, unit, bound == 1 ? "" : "s", size == 0 ? "none" : size);
  }

  /** The problem of a field that the API does not have. */
  static Problem unknown(String path, String name, List<String> known, Node node) {
    String meant =
        Names.nearest(name, known)
            .map(nearest -> "; did you mean \"%s\"?".formatted(nearest))
            .orElse(
                "; the fields of %s are %s"
                    .formatted(YamlNodes.subject(path), String.join(", ", known)));
    return new Problem(
        node,
        "%s is not a field of APOTraining v1alpha1%s".formatted(YamlNodes.join(path, name), meant));
  }

  private static Problem wrongType(String path, String wanted, Node node) {
    return new Problem(
        node,
        "%s must be %s, but is %s"
            .formatted(YamlNodes.subject(path), wanted, YamlNodes.describe(node)));
  }

  private static String oneOf(List<String> values) {
    return values.size() == 1 ? values.get(0) : "one of " + String.join(", ", values);
  }

  private static String suggestion(String text, List<String> values) {
    if (values.size() == 1) {
      return "";
    }
    return Names.nearest(text, values)
        .map(nearest -> "; did you mean \"%s\"?".formatted(nearest))
        .orElse("");
  }

  private static String hint(Schema schema) {
    return schema.description().isEmpty() ? "it is required." : schema.description();
  }
}
