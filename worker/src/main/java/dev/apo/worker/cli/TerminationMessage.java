package dev.apo.worker.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.api.v1alpha1.Artifacts;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.LoggerFactory;

/**
 * The last word of a stage to its operator: a small JSON object in the file that Kubernetes reads
 * when a container ends.
 */
final class TerminationMessage {
  private static final String VARIABLE = "APO_TERMINATION_LOG";

  /** Kubernetes cuts what is longer, and the rest is no JSON. */
  private static final int MAX_BYTES = 4096;

  /** No sentence needs more; in JSON a character takes at most six bytes. */
  private static final int MAX_SENTENCE = 600;

  private TerminationMessage() {}

  static void failure(ExitCode code, String message) {
    write(failureJson(code, message));
  }

  /**
   * @param result of the stage, in the API's words
   */
  static void success(Object result, Artifacts artifacts) {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("exitCode", ExitCode.OK.value());
    content.put("result", result);
    if (artifacts != null) {
      content.put("artifacts", artifacts);
    }
    write(json(content));
  }

  static String failureJson(ExitCode code, String message) {
    boolean fits = message.length() <= MAX_SENTENCE;
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("exitCode", code.value());
    content.put("reason", code.name());
    content.put("message", fits ? message : message.substring(0, MAX_SENTENCE) + " … (cut)");
    return json(content);
  }

  private static void write(String json) {
    String file = System.getenv(VARIABLE);
    if (file == null) {
      return;
    }
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MAX_BYTES) {
      throw new IllegalStateException("a termination message of " + bytes.length + " bytes");
    }
    try {
      Files.write(Path.of(file), bytes);
    } catch (IOException e) {
      // The exit code still says what happened.
      LoggerFactory.getLogger(TerminationMessage.class)
          .warn("cannot write {}: {}", file, e.toString());
    }
  }

  private static String json(Object content) {
    try {
      return new ObjectMapper().writeValueAsString(content);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("plain values", e);
    }
  }
}
