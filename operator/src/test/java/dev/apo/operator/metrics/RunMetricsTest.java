package dev.apo.operator.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.APOTrainingStatus;
import dev.apo.api.v1alpha1.Phase;
import dev.apo.operator.decide.Observation;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RunMetricsTest {
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final RunMetrics metrics = new RunMetrics(registry);
  private final APOTraining training = new APOTraining();

  private static APOTrainingStatus status(Phase phase, String since) {
    return new APOTrainingStatus(
        phase, since, null, null, null, null, null, null, null, null, null, null, null);
  }

  private void observe(APOTrainingStatus before, APOTrainingStatus after, String now) {
    Observation seen =
        new Observation("run", 1, null, before, List.of(), Map.of(), null, Instant.parse(now));
    metrics.observe(training, before, after, seen);
  }

  private Timer timer(String phase) {
    return registry.find("apo.phase.duration").tag("phase", phase).timer();
  }

  @Test
  void aPhaseThatIsLeftTellsHowLongItWas() {
    var estimating = status(Phase.ESTIMATING, "2026-01-01T00:00:00Z");
    observe(estimating, estimating, "2026-01-01T00:01:00Z");
    assertThat(timer("estimating")).as("it is not over").isNull();
    observe(estimating, status(Phase.TRAINING, "2026-01-01T00:02:00Z"), "2026-01-01T00:02:00.500Z");
    assertThat(timer("estimating").totalTime(TimeUnit.SECONDS)).isEqualTo(120.5);
    assertThat(timer("estimating").count()).isEqualTo(1);
  }

  @Test
  void aNewRunWasPendingSinceItsCreation() {
    training.getMetadata().setCreationTimestamp("2026-01-01T00:00:00Z");
    observe(null, status(Phase.PREPARING, "2026-01-01T00:00:03Z"), "2026-01-01T00:00:03Z");
    assertThat(timer("pending").totalTime(TimeUnit.SECONDS)).isEqualTo(3);
  }

  @Test
  void aStatusOfAnOlderOperatorTellsNoTime() {
    observe(
        status(Phase.TRAINING, null),
        status(Phase.SUCCEEDED, "2026-01-01T00:00:03Z"),
        "2026-01-01T00:00:03Z");
    assertThat(timer("training")).isNull();
    assertThat(registry.get("apo.runs.transitions").tag("phase", "succeeded").counter().count())
        .isEqualTo(1);
  }
}
