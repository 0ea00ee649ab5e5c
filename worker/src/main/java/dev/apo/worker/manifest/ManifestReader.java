package dev.apo.worker.manifest;

import static dev.apo.worker.ExitCode.BAD_MANIFEST;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.worker.ApoException;
import dev.apo.worker.FileErrors;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Reads a manifest and checks it against the schema and the rules of the custom resource
 * definition, so that a laptop refuses what a cluster would refuse.
 */
public final class ManifestReader {
  /** What a cluster stores at most for one object. */
  private static final long MAX_BYTES = 1 << 20;

  private static final List<String> FIELDS =
      List.of("apiVersion", "kind", "metadata", "spec", "status");
  private static final Pattern LABEL = Pattern.compile("(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?");
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private ManifestReader() {}

  /**
   * Reads the one APOTraining that a file holds.
   *
   * @throws ApoException with {@code BAD_MANIFEST}, {@code NOT_FOUND} or {@code DENIED}; the
   *     message names the file, the line and the field
   */
  public static Manifest read(Path file) {
    return parse(text(file), file);
  }

  /**
   * Reads a manifest from text.
   *
   * @param file where it is from: named in messages, and relative addresses start from its
   *     directory
   * @throws ApoException with {@code BAD_MANIFEST}
   */
  public static Manifest parse(String text, Path file) {
    try {
      return manifest(YamlDocument.parse(text), file.toAbsolutePath().normalize().getParent());
    } catch (Problem problem) {
      String where = problem.line() > 0 ? file + ":" + problem.line() : file.toString();
      throw new ApoException(BAD_MANIFEST, where + ": " + problem.getMessage(), problem);
    }
  }

  private static String text(Path file) {
    try {
      if (Files.isDirectory(file)) {
        throw new ApoException(
            BAD_MANIFEST, file + " is a directory: name the manifest, a YAML file");
      }
      if (Files.size(file) > MAX_BYTES) {
        throw new ApoException(
            BAD_MANIFEST, file + " is larger than 1 MiB, so it cannot be a manifest");
      }
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new ApoException(BAD_MANIFEST, file + " is not text in UTF-8", e);
    } catch (IOException e) {
      throw FileErrors.explain("read", file, e);
    }
  }

  private static Manifest manifest(Node document, Path baseDirectory) {
    if (!(document instanceof MappingNode mapping)) {
      throw new Problem(document, "the document must be an APOTraining, a block of fields");
    }
    Map<String, NodeTuple> fields = YamlNodes.fields("", mapping);
    expect(document, fields, "apiVersion", APOTraining.API_VERSION);
    expect(document, fields, "kind", APOTraining.KIND);
    refuseUnknown(fields);

    Map<String, NodeTuple> metadata = block(document, fields, "metadata");
    Node nameNode = valueOf(metadata, "name");
    if (nameNode == null) {
      throw new Problem(
          valueOf(fields, "metadata"), "metadata.name is missing: the run needs a name");
    }
    String name = label("metadata.name", nameNode);
    Node namespaceNode = valueOf(metadata, "namespace");
    String namespace =
        namespaceNode == null ? "default" : label("metadata.namespace", namespaceNode);
    JsonNode spec = spec(document, fields, name);
    return new Manifest(namespace, name, typed(spec), baseDirectory);
  }

  /** The value of a field; null when it is not there or null, which means the same. */
  private static Node valueOf(Map<String, NodeTuple> fields, String field) {
    NodeTuple tuple = fields.get(field);
    return tuple == null || Tag.NULL.equals(tuple.getValueNode().getTag())
        ? null
        : tuple.getValueNode();
  }

  private static void expect(
      Node document, Map<String, NodeTuple> fields, String field, String value) {
    Node node = valueOf(fields, field);
    if (node == null) {
      throw new Problem(document, "%s is missing: it must be %s".formatted(field, value));
    }
    String found = node instanceof ScalarNode scalar ? scalar.getValue() : "a block";
    if (!value.equals(found)) {
      throw new Problem(node, "%s is %s; it must be %s".formatted(field, found, value));
    }
  }

  private static void refuseUnknown(Map<String, NodeTuple> fields) {
    fields.forEach(
        (name, tuple) -> {
          if (!FIELDS.contains(name)) {
            throw SchemaWalker.unknown("", name, FIELDS, tuple.getKeyNode());
          }
        });
  }

  private static Map<String, NodeTuple> block(
      Node document, Map<String, NodeTuple> fields, String field) {
    Node node = valueOf(fields, field);
    if (node == null) {
      throw new Problem(document, field + " is missing");
    }
    if (!(node instanceof MappingNode mapping)) {
      throw new Problem(node, field + " must be a block of fields");
    }
    return YamlNodes.fields(field, mapping);
  }

  private static String label(String path, Node node) {
    boolean text = node instanceof ScalarNode && Tag.STR.equals(node.getTag());
    if (!text || !LABEL.matcher(((ScalarNode) node).getValue()).matches()) {
      throw new Problem(
          node,
          path
              + " must be text of at most 63 lower-case letters and digits, with hyphens between"
              + " them");
    }
    return ((ScalarNode) node).getValue();
  }

  private static JsonNode spec(Node document, Map<String, NodeTuple> fields, String name) {
    Schema root = Schema.ofApoTraining();
    block(document, fields, "spec");
    ObjectNode resource = MAPPER.createObjectNode();
    resource.putObject("metadata").put("name", name);
    resource.set("spec", SchemaWalker.walk("spec", root.field("spec"), valueOf(fields, "spec")));
    Rules.firstBroken("", root, resource)
        .ifPresent(
            broken -> {
              throw new Problem(
                  YamlNodes.deepest(document, broken.path()),
                  broken.path().isEmpty()
                      ? broken.message()
                      : broken.path() + ": " + broken.message());
            });
    fillBlockOfType(root.field("spec").field("algorithm"), resource.at("/spec/algorithm"));
    return resource.get("spec");
  }

  /**
   * An algorithm's block has no default in the schema, which would give every algorithm every
   * block; the one that is asked for gets its defaults here.
   */
  private static void fillBlockOfType(Schema schema, JsonNode algorithm) {
    String block = algorithm.get("type").asText().toLowerCase(Locale.ROOT);
    if (schema.field(block) != null && !algorithm.has(block)) {
      ((ObjectNode) algorithm).set(block, SchemaWalker.defaults(schema.field(block)));
    }
  }

  private static APOTrainingSpec typed(JsonNode spec) {
    try {
      return MAPPER.treeToValue(spec, APOTrainingSpec.class);
    } catch (JsonProcessingException e) {
      // The schema lets through what a type of Kubernetes does not, such as a quantity "1 cake".
      throw new Problem(0, "the spec cannot be read: " + e.getOriginalMessage());
    }
  }
}
