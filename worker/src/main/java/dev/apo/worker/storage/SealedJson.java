package dev.apo.worker.storage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;

/**
 * A JSON object whose last field is the SHA-256 of the others: an artifact of a single object,
 * which needs no {@link ArtifactManifest} beside it.
 */
public final class SealedJson {
  private static final String SEAL = "sha256";
  private static final ObjectMapper JSON = new ObjectMapper();

  private SealedJson() {}

  /** UTF-8 text of a record of plain values. */
  public static byte[] write(Object value) {
    ObjectNode object = JSON.valueToTree(value);
    object.put(SEAL, digest(object));
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(object);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values", e);
    }
  }

  /**
   * Reads a value back. Text without a seal is taken as it is: an earlier version wrote it.
   *
   * @throws IOException if the text is no JSON object of that type, or not as it was written
   */
  public static <T> T read(byte[] json, Class<T> type) throws IOException {
    if (!(JSON.readTree(json) instanceof ObjectNode object)) {
      throw new IOException("this is no JSON object");
    }
    JsonNode seal = object.remove(SEAL);
    if (seal != null && !seal.asText().equals(digest(object))) {
      throw new IOException("its content does not match its " + SEAL);
    }
    return JSON.treeToValue(object, type);
  }

  private static String digest(ObjectNode object) {
    try {
      return Sha256.of(JSON.writeValueAsBytes(object));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values", e);
    }
  }
}
