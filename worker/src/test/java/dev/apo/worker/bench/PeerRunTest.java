package dev.apo.worker.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.apo.worker.ApoException;
import dev.apo.worker.StopSignal;
import dev.apo.worker.engine.Devices;
import dev.apo.worker.manifest.Manifest;
import dev.apo.worker.manifest.ManifestReader;
import dev.apo.worker.run.Launch;
import dev.apo.worker.run.Session;
import dev.apo.worker.telemetry.Reporter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PeerRunTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  @Test
  void oneResponseToEachPromptIsABatchOfPrompts() {
    assertThat(arguments("bench/adder.yaml"))
        .startsWith("a2po")
        .containsSequence("--batch", "64")
        .containsSequence("--samples", "8")
        .containsSequence("--beta2", "0.01")
        .containsSequence("--seed", "0");
  }

  @Test
  void aGroupOfResponsesToEachPromptIsABatchOfResponses() {
    assertThat(arguments("bench/adder-grpo.yaml"))
        .startsWith("grpo")
        .containsSequence("--batch", "512")
        .containsSequence("--samples", "8")
        .containsSequence("--beta2", "0.04");
  }

  @Test
  void thePeerReadsThePromptsAsTheModelDoes(@TempDir Path work) throws Exception {
    Manifest manifest = ManifestReader.read(ROOT.resolve("bench/adder.yaml"));
    var launch = new Launch("bench", 1, 0, work, Devices.PRESENT);
    try (StopSignal stop = StopSignal.install();
        Session session = Session.open(manifest, launch, Reporter.SILENT, stop)) {
      PeerRun.prepare(session, work.resolve("peer"));
    }
    assertThat(Files.readAllLines(work.resolve("peer/train.jsonl")))
        .hasSize(2000)
        .allMatch(row -> row.contains("\"prompt\":") && row.contains("\"answer\":"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"samples/compare/ppo.yaml", "samples/compare/rebel.yaml"})
  void whatThePeerCannotDoIsRefused(String manifest) {
    assertThatThrownBy(() -> arguments(manifest))
        .isInstanceOf(ApoException.class)
        .hasMessageContaining("spec.algorithm: the peer can be run with APO and GRPO only");
  }

  private static List<String> arguments(String manifest) {
    return List.of(
        PeerRun.arguments(
            ManifestReader.read(ROOT.resolve(manifest)).spec(), Path.of("model"), Path.of("peer")));
  }
}
