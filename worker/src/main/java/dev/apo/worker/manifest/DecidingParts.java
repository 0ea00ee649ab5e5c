package dev.apo.worker.manifest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.apo.api.v1alpha1.APOTrainingSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What of a spec decides the result. A run may go on with a changed manifest only when these parts
 * are the same.
 */
public final class DecidingParts {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

  /** Parts about where and when to run, who may, and where results go. */
  private static final Map<String, List<String>> LEFT_OUT =
      Map.of(
          "", List.of("suspend", "storage", "runPolicy", "queueName", "tracking"),
          "/model", List.of("tokenSecretRef"),
          "/estimate", List.of("shards", "parallelism", "pod"),
          "/train", List.of("pod"));

  /** How a reward service is asked, in whichever term it is. */
  private static final List<String> OF_SERVICES =
      List.of("timeoutSeconds", "maxRetries", "batchSize", "parallelism", "tokenSecretRef");

  private DecidingParts() {}

  /** The deciding parts as JSON, the same text for the same meaning; unset fields are left out. */
  public static String json(APOTrainingSpec spec) {
    ObjectNode tree = MAPPER.valueToTree(spec);
    LEFT_OUT.forEach(
        (block, fields) -> {
          if (tree.at(block) instanceof ObjectNode object) {
            object.remove(fields);
          }
        });
    for (JsonNode http : tree.path("reward").findValues("http")) {
      ((ObjectNode) http).remove(OF_SERVICES);
    }
    return write(MAPPER.convertValue(tree, TreeMap.class));
  }

  /**
   * A field that two specs set differently.
   *
   * @param path such as {@code spec.train.seed}
   * @param before as JSON, or {@code unset}
   */
  public record Difference(String path, String before, String after) {}

  /**
   * What changed from one {@link #json} to another, a sentence for each field, in the order of
   * their names; empty when nothing did. A field that the earlier one does not have was at its
   * default: the program that wrote it may not have known the field.
   */
  public static List<String> changes(String before, String after) {
    return differences(before, after).stream()
        .map(d -> "%s was %s and is now %s".formatted(d.path(), d.before(), d.after()))
        .toList();
  }

  /** The fields in which two {@link #json} differ, in the order of their names. */
  public static List<Difference> differences(String before, String after) {
    List<Difference> differences = new ArrayList<>();
    compare("spec", Schema.ofApoTraining().field("spec"), read(before), read(after), differences);
    return differences;
  }

  private static void compare(
      String path, Schema schema, JsonNode before, JsonNode after, List<Difference> differences) {
    if (before.isObject() && after.isObject()) {
      TreeSet<String> names = new TreeSet<>();
      before.fieldNames().forEachRemaining(names::add);
      after.fieldNames().forEachRemaining(names::add);
      for (String name : names) {
        Schema field = schema == null ? null : schema.field(name);
        compare(path + "." + name, field, before.path(name), after.path(name), differences);
      }
    } else if (!before.equals(after) && !(before.isMissingNode() && isDefault(schema, after))) {
      differences.add(new Difference(path, show(before), show(after)));
    }
  }

  private static boolean isDefault(Schema schema, JsonNode value) {
    return schema != null && value.equals(schema.defaultValue());
  }

  private static String show(JsonNode value) {
    return value.isMissingNode() ? "unset" : value.toString();
  }

  private static String write(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode read(String json) {
    try {
      JsonNode tree = MAPPER.readTree(json);
      if (!tree.isObject()) {
        throw new IllegalArgumentException("not a JSON object");
      }
      return tree;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
    }
  }
}
