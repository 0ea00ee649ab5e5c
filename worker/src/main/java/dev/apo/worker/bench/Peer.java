package dev.apo.worker.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What a user would pick instead, run as a process of its own so that both are measured in one go.
 *
 * @param command how to start bench/peer.py, for instance {@code .venv/bin/python bench/peer.py}
 */
record Peer(List<String> command) {

  /** Runs one command; its last line of output is a JSON object. */
  JsonNode run(String... arguments) {
    var all = new ArrayList<>(command);
    all.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(all).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int exit = process.waitFor();
      String last = output.strip().lines().reduce("", (a, b) -> b);
      if (exit != 0 || !last.startsWith("{")) {
        throw new ApoException(
            ExitCode.UNAVAILABLE,
            "The peer failed with exit code " + exit + ": " + String.join(" ", all));
      }
      return new ObjectMapper().readTree(last);
    } catch (IOException e) {
      throw new ApoException(
          ExitCode.NOT_FOUND, "The peer cannot be started: " + e.getMessage() + ".", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
