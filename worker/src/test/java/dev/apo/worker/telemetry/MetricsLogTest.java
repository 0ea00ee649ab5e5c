package dev.apo.worker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetricsLogTest {
  private Path file;

  @BeforeEach
  void inANewFolder(@TempDir Path folder) {
    file = folder.resolve("run/metrics.jsonl");
  }

  @Test
  void aLineIsThereAsSoonAsItIsAppended() throws IOException {
    try (MetricsLog log = MetricsLog.open(file, -1)) {
      log.append(0, Map.of("critic/rewards/mean", 0.5));
      assertThat(file).hasContent("{\"step\":0,\"critic/rewards/mean\":0.5}\n");
    }
  }

  @Test
  void resumingDropsLaterSteps() throws IOException {
    write(1, 2, 3, 4);
    try (MetricsLog log = MetricsLog.open(file, 2)) {
      log.append(3, Map.of("x", 30.0));
    }
    assertThat(Files.readAllLines(file))
        .containsExactly(
            "{\"step\":1,\"x\":1.0}", "{\"step\":2,\"x\":2.0}", "{\"step\":3,\"x\":30.0}");
  }

  @Test
  void aNewRunStartsAnEmptyLog() throws IOException {
    write(0, 1, 2);
    MetricsLog.open(file, -1).close();
    assertThat(file).isEmptyFile();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"step\":3,\"x\"",
        "{\"step\":3",
        "\u0000\u0000\u0000",
        "{\"step\":3}",
        "oops\n",
        "{}\n",
        "\n"
      })
  void aTornLastLineIsDropped(String torn) throws IOException {
    write(1, 2);
    Files.writeString(file, torn, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
    try (MetricsLog log = MetricsLog.open(file, 5)) {
      log.append(6, Map.of());
    }
    assertThat(Files.readAllLines(file))
        .containsExactly("{\"step\":1,\"x\":1.0}", "{\"step\":2,\"x\":2.0}", "{\"step\":6}");
  }

  @Test
  void aLineWithBytesThatAreNoTextIsDropped() throws IOException {
    write(1, 2);
    byte[] line = {
      '{', '"', 's', 't', 'e', 'p', '"', ':', '3', ',', '"', -1, '"', ':', '1', '}', '\n'
    };
    Files.write(file, line, StandardOpenOption.APPEND);
    try (MetricsLog log = MetricsLog.open(file, 5)) {
      log.append(6, Map.of());
    }
    assertThat(Files.readAllLines(file))
        .containsExactly("{\"step\":1,\"x\":1.0}", "{\"step\":2,\"x\":2.0}", "{\"step\":6}");
  }

  @Test
  void noStepOccursTwice() {
    try (MetricsLog log = MetricsLog.open(file, 2)) {
      assertThatIllegalArgumentException().isThrownBy(() -> log.append(2, Map.of()));
      log.append(3, Map.of());
      assertThatIllegalArgumentException().isThrownBy(() -> log.append(3, Map.of()));
    }
  }

  @ParameterizedTest
  @CsvSource({"1 2 3, false", "0 1 2 3, false", "'', true", "1 2, true", "2 3, true", "1 3, true"})
  void aStepWithoutARecordIsAGap(String steps, boolean gap) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, steps.replaceAll("(\\d) ?", "{\"step\":$1}\n"));
    try (MetricsLog log = MetricsLog.open(file, 3)) {
      assertThat(log.hasGap()).isEqualTo(gap);
    }
  }

  @Test
  void twoRecordsWithoutALinesEndBetweenThemAreDamage() throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "{\"step\":1}\n{\"step\":2}*{\"step\":3}\n");
    try (MetricsLog log = MetricsLog.open(file, 3)) {
      assertThat(log.hasGap()).isTrue();
    }
    assertThat(file).hasContent("{\"step\":1}\n");
  }

  @Test
  void whatIsAddedToALostRecordIsARecord() throws IOException {
    write(1, 2);
    try (MetricsLog log = MetricsLog.open(file, 3)) {
      log.amend(3, Map.of("y", 1.0));
      log.amend(3, Map.of("z", 2.0));
    }
    assertThat(Files.readAllLines(file))
        .containsExactly(
            "{\"step\":1,\"x\":1.0}", "{\"step\":2,\"x\":2.0}", "{\"step\":3,\"y\":1.0,\"z\":2.0}");
  }

  @Test
  void whatJsonHasNoNumberForIsNull() {
    try (MetricsLog log = MetricsLog.open(file, -1)) {
      log.append(1, Map.of("kl", Double.POSITIVE_INFINITY));
    }
    assertThat(file).hasContent("{\"step\":1,\"kl\":null}\n");
  }

  @Test
  void anotherTrackerIsToldAllThatIsThere() {
    var told = new ArrayList<String>();
    try (MetricsLog log = MetricsLog.open(file, -1)) {
      log.append(1, Map.of("x", 1.0));
      log.append(2, Map.of("x", Double.NaN));
      log.amend(2, Map.of("y", 2.0));
      log.replay(
          new Tracker() {
            @Override
            public void append(long step, Map<String, Double> metrics) {
              told.add(step + " " + metrics);
            }

            @Override
            public void end(Ending ending) {}
          });
    }
    assertThat(told).containsExactly("1 {x=1.0}", "2 {y=2.0}");
  }

  private void write(long... steps) {
    try (MetricsLog log = MetricsLog.open(file, -1)) {
      for (long step : steps) {
        log.append(step, Map.of("x", (double) step));
      }
    }
  }
}
