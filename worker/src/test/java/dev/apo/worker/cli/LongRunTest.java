package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.Drill;
import dev.apo.worker.cli.SelfMeasuring.Holdings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A day of training in small: thousands of steps, which hold no more at the end than early on. */
@Tag("slow")
@Tag("drill")
class LongRunTest {
  private static final int STEPS = 40 * Drill.TRIES;

  /** The engine and the JVM have what they want to keep by then. */
  private static final int EARLY = Math.max(40, STEPS / 8);

  @TempDir Path directory;

  @Test
  void aLongRunHoldsNoMoreMemoryAndFilesThanAShortOne() throws JsonProcessingException {
    var workplace =
        new Workplace(directory)
            .set("train.steps", STEPS)
            .set("train.batchSize", 2)
            .set("train.miniBatchSize", 2)
            .set("train.evaluateEvery", 20)
            .set("train.checkpointEvery", 20)
            .set("evaluate.limit", 4)
            .set("train.learningRate", 1e-5)
            .set("tracking.tensorBoard", true);

    List<Holdings> noted = new ArrayList<>();
    for (String line : workplace.measured(List.of(EARLY, STEPS), "run")) {
      noted.add(new ObjectMapper().readValue(line, Holdings.class));
    }

    assertThat(noted).extracting(Holdings::step).containsExactly(EARLY, STEPS);
    Holdings early = noted.get(0);
    Holdings late = noted.get(1);
    assertThat(late.files()).as("open files, %s", noted).isLessThanOrEqualTo(early.files());
    assertThat(late.resident()).as("memory, %s", noted).isLessThan(early.resident() * 105 / 100);
    assertThat(late.peak()).as("peak, %s", noted).isLessThan(early.peak() * 105 / 100);
    assertThat(late.heap()).as("heap, %s", noted).isLessThan(early.heap() * 105 / 100);
    Drill.passed(
        "%d steps: memory %d -> %d MiB, heap %.1f -> %.1f MiB, files %d -> %d"
            .formatted(
                STEPS - EARLY,
                early.resident() >> 10,
                late.resident() >> 10,
                early.heap() / 1048576.0,
                late.heap() / 1048576.0,
                early.files(),
                late.files()),
        1,
        "no memory, no file",
        "");
  }
}
