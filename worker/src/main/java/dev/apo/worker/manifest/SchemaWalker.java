package dev.apo.worker.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
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
    fields(path, mapping)
        .forEach(
            (name, tuple) -> {
              Node field = tuple.getValueNode();
              Schema fieldSchema =
                  schema.isOpen() ? new Schema(JSON.objectNode()) : schema.field(name);
              if (fieldSchema == null) {
                throw unknown(path, name, schema.fieldNames(), tuple.getKeyNode());
              }
              if (!Tag.NULL.equals(field.getTag())) {
                object.set(name, value(join(path, name), fieldSchema, field, depth + 1));
              }
            });
    between(path, schema, "Properties", object.size(), "field", node);
    for (String name : schema.required()) {
      if (!object.has(name)) {
        throw new Problem(
            node, "%s is missing: %s".formatted(join(path, name), hint(schema.field(name))));
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
          node, "%s must be text, but is %s: put it in quotes".formatted(path, describe(node)));
    }
    String text = scalar.getValue();
    List<String> values = schema.values();
    if (!values.isEmpty() && !values.contains(text)) {
      throw new Problem(
          node,
          "%s must be %s, but is %s%s"
              .formatted(path, oneOf(values), quote(text), suggestion(text, values)));
    }
    between(path, schema, "Length", text.codePointCount(0, text.length()), "character", node);
    String pattern = schema.pattern();
    if (pattern != null && !Pattern.compile(pattern).matcher(text).find()) {
      throw new Problem(
          node,
          "%s cannot be %s: %s%s"
              .formatted(
                  path,
                  quote(text),
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
    BigDecimal value = decimal(path, "a number", node);
    inBounds(path, schema, value, node);
    return JSON.numberNode(value.doubleValue());
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
            .formatted(path, describe(node)));
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
    if (Tag.INT.equals(node.getTag()) || Tag.FLOAT.equals(node.getTag())) {
      return JSON.numberNode(decimal(path, "a number", node));
    }
    if (Tag.BOOL.equals(node.getTag())) {
      return bool(path, node);
    }
    return Tag.NULL.equals(node.getTag())
        ? JSON.nullNode()
        : JSON.textNode(((ScalarNode) node).getValue());
  }

  /** The fields of a block by name, in the order of the document. */
  static Map<String, NodeTuple> fields(String path, MappingNode mapping) {
    Map<String, NodeTuple> fields = new LinkedHashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        throw new Problem(
            tuple.getKeyNode(), "%s must have plain names as keys".formatted(subject(path)));
      }
      if (fields.putIfAbsent(key.getValue(), tuple) != null) {
        throw new Problem(key, join(path, key.getValue()) + " is set twice");
      }
    }
    return fields;
  }

  /** The node at {@code path}, or the innermost one around it that the document has. */
  static Node deepest(Node document, String path) {
    Node node = document;
    for (String step : path.split("[.\\[\\]]+")) {
      Node next = null;
      if (node instanceof MappingNode mapping) {
        NodeTuple field = fields("", mapping).get(step);
        next = field == null ? null : field.getValueNode();
      } else if (node instanceof SequenceNode sequence && step.matches("[0-9]+")) {
        next = sequence.getValue().get(Integer.parseInt(step));
      }
      if (next == null) {
        return node;
      }
      node = next;
    }
    return node;
  }

  static String join(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  private static BigDecimal decimal(String path, String wanted, Node node) {
    boolean number = Tag.INT.equals(node.getTag()) || Tag.FLOAT.equals(node.getTag());
    if (!number) {
      Problem problem = wrongType(path, wanted, node);
      if (node instanceof ScalarNode scalar && isDecimal(scalar.getValue())) {
        throw new Problem(problem.line(), problem.getMessage() + ": remove the quotes");
      }
      throw problem;
    }
    String text = ((ScalarNode) node).getValue();
    if (text.startsWith("0x")) {
      return new BigDecimal(new BigInteger(text.substring(2), 16));
    }
    if (text.startsWith("0o")) {
      return new BigDecimal(new BigInteger(text.substring(2), 8));
    }
    if (!isDecimal(text)) {
      throw wrongType(path, wanted, node);
    }
    return new BigDecimal(text);
  }

  private static boolean isDecimal(String text) {
    // Exponents of more than three digits are no use here and slow to compare.
    return text.matches("[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,3})?");
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
            .orElse("; the fields of %s are %s".formatted(subject(path), String.join(", ", known)));
    return new Problem(
        node, "%s is not a field of APOTraining v1alpha1%s".formatted(join(path, name), meant));
  }

  private static Problem wrongType(String path, String wanted, Node node) {
    return new Problem(
        node, "%s must be %s, but is %s".formatted(subject(path), wanted, describe(node)));
  }

  private static String describe(Node node) {
    if (node instanceof MappingNode) {
      return "a block of fields";
    }
    if (node instanceof SequenceNode) {
      return "a list";
    }
    String text = ((ScalarNode) node).getValue();
    if (Tag.NULL.equals(node.getTag())) {
      return "empty";
    }
    if (Tag.INT.equals(node.getTag()) || Tag.FLOAT.equals(node.getTag())) {
      return "the number " + text;
    }
    return Tag.BOOL.equals(node.getTag()) ? text : "the text " + quote(text);
  }

  private static String subject(String path) {
    return path.isEmpty() ? "the document" : path;
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

  private static String quote(String text) {
    String shown = text.length() <= 80 ? text : text.substring(0, 77) + "...";
    return '"' + shown.replace("\n", "\\n") + '"';
  }
}
