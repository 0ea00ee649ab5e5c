package dev.apo.worker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StepLinesTest {
  @Test
  void resumingKeepsAllLinesOfTheStepsBefore(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("rollouts.jsonl");
    try (StepLines lines = StepLines.open(file, -1)) {
      lines.append(1, List.of(Map.of("a", 1), Map.of("a", 2)));
      lines.append(2, List.of());
      lines.append(3, List.of(Map.of("a", 3), Map.of("a", 4)));
    }
    try (StepLines lines = StepLines.open(file, 2)) {
      lines.append(3, List.of(Map.of("a", 5)));
    }
    assertThat(Files.readAllLines(file))
        .containsExactly("{\"step\":1,\"a\":1}", "{\"step\":1,\"a\":2}", "{\"step\":3,\"a\":5}");
  }
}
