package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.worker.hub.HubServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run whose model is on the hub. */
@Tag("slow")
class HubRunTest {
  private static final Path SAMPLE = Path.of("..", "samples", "quickstart", "model");

  @TempDir Path directory;

  @Test
  void aRunStaysWithTheCommitThatItWasStartedWithUntilItBeginsAnew() throws IOException {
    try (HubServer server = new HubServer()) {
      var files = new TreeMap<String, byte[]>();
      try (var all = Files.list(SAMPLE)) {
        for (Path file : all.toList()) {
          files.put(file.getFileName().toString(), Files.readAllBytes(file));
        }
      }
      server.push("models/owner/adder", 'a', files);
      Workplace workplace =
          new Workplace(directory)
              .set("model.uri", "hf://owner/adder")
              .environment("HF_ENDPOINT", server.endpoint());
      workplace.process("prepare").succeeds();
      assertThat(Workplace.parse(Workplace.read(workplace.run("commits.json"))))
          .isEqualTo(Workplace.parse("{\"hf://owner/adder@main\": \"" + "a".repeat(40) + "\"}"));

      server.push("models/owner/adder", 'b', new TreeMap<>());
      workplace.process("prepare").succeeds();
      workplace.process("run", "--fresh").endsWith(65);
      workplace.process("run").succeeds();
      assertThat(workplace.run("model/model.safetensors")).exists();
    }
  }
}
