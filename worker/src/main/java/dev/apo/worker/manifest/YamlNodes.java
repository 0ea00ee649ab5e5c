package dev.apo.worker.manifest;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.Map;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** Reads YAML nodes, and names them for people. */
final class YamlNodes {
  private YamlNodes() {}

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

  static boolean isNumber(Node node) {
    return Tag.INT.equals(node.getTag()) || Tag.FLOAT.equals(node.getTag());
  }

  /** The number that a scalar spells, quoted or not, or null when it spells none. */
  static BigDecimal decimal(Node node) {
    String text = ((ScalarNode) node).getValue();
    if (text.matches("0x[0-9a-fA-F]+")) {
      return new BigDecimal(new BigInteger(text.substring(2), 16));
    }
    if (text.matches("0o[0-7]+")) {
      return new BigDecimal(new BigInteger(text.substring(2), 8));
    }
    // Exponents of more than three digits are no use here and slow to compare.
    boolean decimal = text.matches("[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,3})?");
    return decimal ? new BigDecimal(text) : null;
  }

  /** The kind and value of a node, as the end of "but is". */
  static String describe(Node node) {
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
    if (isNumber(node)) {
      return "the number " + text;
    }
    return Tag.BOOL.equals(node.getTag()) ? text : "the text " + quote(text);
  }

  /** A path, or what to call the document itself. */
  static String subject(String path) {
    return path.isEmpty() ? "the document" : path;
  }

  static String quote(String text) {
    String shown = text.length() <= 80 ? text : text.substring(0, 77) + "...";
    return '"' + shown.replace("\n", "\\n") + '"';
  }
}
