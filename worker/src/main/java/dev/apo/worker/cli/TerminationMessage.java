package dev.apo.worker.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.api.v1alpha1.Artifacts;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
    write(successJson(result, artifacts));
  }

  /** A cut address would be of no use: what does not fit is left out, the model's address last. */
  static String successJson(Object result, Artifacts artifacts) {
    var candidates = new ArrayList<Artifacts>();
    if (artifacts != null) {
      String model = artifacts.model();
      String key = artifacts.vstarKey();
      candidates.add(artifacts);
      candidates.add(new Artifacts(model, null, null, artifacts.vstar(), key));
      candidates.add(new Artifacts(model, null, null, null, key));
      candidates.add(new Artifacts(null, null, null, null, key));
    }
    candidates.add(null);
    for (Artifacts candidate : candidates) {
      String json = successContent(result, candidate);
      if (fits(json)) {
        return json;
      }
    }
    return successContent(null, null);
  }

  private static String successContent(Object result, Artifacts artifacts) {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("exitCode", ExitCode.OK.value());
    if (result != null) {
      content.put("result", result);
    }
    if (artifacts != null) {
      content.put("artifacts", artifacts);
    }
    return json(content);
  }

  private static boolean fits(String json) {
    return json.getBytes(StandardCharsets.UTF_8).length <= MAX_BYTES;
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
    try {
      Files.writeString(Path.of(file), json);
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
