package dev.apo.operator.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.apo.api.v1alpha1.APOTraining;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The manifest as the worker gets it: what it needs to know, and nothing about pods, queues or
 * deadlines. The same meaning gives the same text.
 */
final class ManifestJson {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

  private ManifestJson() {}

  static String of(APOTraining training) {
    ObjectNode spec = MAPPER.valueToTree(training.getSpec());
    spec.remove(List.of("suspend", "queueName", "runPolicy"));
    for (String stage : List.of("estimate", "train")) {
      if (spec.get(stage) instanceof ObjectNode block) {
        block.remove("pod");
        block.remove("parallelism");
      }
    }
    Map<String, Object> manifest = new TreeMap<>();
    manifest.put("apiVersion", APOTraining.API_VERSION);
    manifest.put("kind", APOTraining.KIND);
    manifest.put(
        "metadata",
        Map.of(
            "name", training.getMetadata().getName(),
            "namespace", training.getMetadata().getNamespace()));
    manifest.put("spec", MAPPER.convertValue(spec, TreeMap.class));
    return write(manifest);
  }

  /** Digest of anything that can be written as JSON. */
  static String digest(Object value) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(
                  write(MAPPER.convertValue(value, Object.class)).getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static String write(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the API types can be written", e);
    }
  }
}
