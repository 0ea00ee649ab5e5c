package dev.apo.operator.metrics;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.APOTrainingStatus;
import dev.apo.api.v1alpha1.ConditionStatus;
import dev.apo.api.v1alpha1.Phase;
import dev.apo.api.v1alpha1.StagePod;
import dev.apo.operator.Stage;
import dev.apo.operator.decide.JobState;
import dev.apo.operator.decide.Observation;
import dev.apo.operator.decide.PodState;
import io.fabric8.kubernetes.api.model.Quantity;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What happens to runs, in numbers. Labels are stages and phases only, never names. */
@Singleton
public final class RunMetrics {
  private static final String GPU = "nvidia.com/gpu";

  private final MeterRegistry registry;

  RunMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /**
   * Counts runs by phase, whenever somebody asks.
   *
   * @param all the runs that there are
   */
  public void count(Supplier<Stream<APOTraining>> all) {
    for (Phase phase : Phase.values()) {
      Gauge.builder("apo.runs", all, runs -> runs.get().filter(run -> phase(run) == phase).count())
          .description("Runs that are in a phase")
          .strongReference(true)
          .tag("phase", word(phase))
          .register(registry);
    }
  }

  private static Phase phase(APOTraining run) {
    return run.getStatus() == null || run.getStatus().phase() == null
        ? Phase.PENDING
        : run.getStatus().phase();
  }

  private static String word(Phase phase) {
    return phase.name().toLowerCase(Locale.ROOT);
  }

  /** Counts what a new status tells. */
  public void observe(
      APOTraining training, APOTrainingStatus before, APOTrainingStatus after, Observation seen) {
    Phase from = before == null ? null : before.phase();
    if (from != after.phase()) {
      Counter.builder("apo.runs.transitions")
          .description("Runs that came into a phase")
          .tag("phase", word(after.phase()))
          .register(registry)
          .increment();
      left(from == null ? Phase.PENDING : from, since(training, before), seen.now());
    }
    for (Stage stage : Stage.values()) {
      boolean was = holds(before, stage);
      if (!was && holds(after, stage)) {
        seen.jobs(stage).stream().findFirst().ifPresent(job -> finished(training, stage, job));
      }
    }
  }

  /**
   * When the run came into the phase that it leaves; null if an operator that did not note it wrote
   * the status.
   */
  private static String since(APOTraining training, APOTrainingStatus before) {
    return before == null ? training.getMetadata().getCreationTimestamp() : before.phaseTime();
  }

  private void left(Phase phase, String since, Instant now) {
    if (since != null) {
      Timer.builder("apo.phase.duration")
          .description("Time that runs spent in a phase, told when they leave it")
          .tag("phase", word(phase))
          .register(registry)
          .record(Duration.between(Instant.parse(since), now));
    }
  }

  private void finished(APOTraining training, Stage stage, JobState job) {
    Instant first = null;
    Instant last = null;
    double podSeconds = 0;
    for (PodState pod : job.pods()) {
      if (pod.started() == null || pod.finished() == null) {
        continue;
      }
      podSeconds += Duration.between(pod.started(), pod.finished()).toMillis() / 1e3;
      first = first == null || pod.started().isBefore(first) ? pod.started() : first;
      last = last == null || pod.finished().isAfter(last) ? pod.finished() : last;
    }
    if (first == null) {
      return;
    }
    Timer.builder("apo.stage.duration")
        .description("Time from the start of a stage's first pod to the end of its last")
        .tag("stage", stage.word())
        .register(registry)
        .record(Duration.between(first, last));
    double gpus = gpus(training, stage);
    if (gpus > 0) {
      Counter.builder("apo.gpu.seconds")
          .description("GPU seconds of completed attempts")
          .tag("stage", stage.word())
          .register(registry)
          .increment(podSeconds * gpus);
    }
  }

  private static double gpus(APOTraining training, Stage stage) {
    StagePod pod =
        switch (stage) {
          case PREPARE -> null;
          case ESTIMATE -> training.getSpec().estimate().pod();
          case TRAIN -> training.getSpec().train().pod();
        };
    if (pod == null || pod.resources() == null || pod.resources().getLimits() == null) {
      return 0;
    }
    Quantity quantity = pod.resources().getLimits().get(GPU);
    return quantity == null ? 0 : quantity.getNumericalAmount().doubleValue();
  }

  private static boolean holds(APOTrainingStatus status, Stage stage) {
    return status != null
        && status.conditions() != null
        && status.conditions().stream()
            .anyMatch(c -> c.type() == stage.condition() && c.status() == ConditionStatus.TRUE);
  }
}
