package dev.apo.worker.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.slf4j.LoggerFactory;

/**
 * The last word of a stage to its operator: a small JSON object in the file that Kubernetes reads
 * when a container ends.
 */
final class TerminationMessage {
  private static final String VARIABLE = "APO_TERMINATION_LOG";

  private TerminationMessage() {}

  static void failure(ExitCode code, String message) {
    write(Map.of("exitCode", code.value(), "reason", code.name(), "message", message));
  }

  static void success(Object result) {
    write(Map.of("exitCode", ExitCode.OK.value(), "result", result));
  }

  private static void write(Object content) {
    String file = System.getenv(VARIABLE);
    if (file == null) {
      return;
    }
    try {
      Files.write(Path.of(file), json(content).getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // The exit code still says what happened.
      LoggerFactory.getLogger(TerminationMessage.class)
          .warn("cannot write {}: {}", file, e.toString());
    }
  }

  private static String json(Object content) throws JsonProcessingException {
    return new ObjectMapper().writeValueAsString(content);
  }
}
