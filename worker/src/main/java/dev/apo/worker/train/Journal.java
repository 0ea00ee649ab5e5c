package dev.apo.worker.train;

import dev.apo.worker.run.Session;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.telemetry.MetricsLog;
import dev.apo.worker.telemetry.StepLines;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What a training run writes down as it goes: the metrics of every step and some of its responses.
 * The files are local; {@link #publish} stores them, before each checkpoint, so that a run that
 * goes on from a checkpoint finds all steps up to it, and drops what came after.
 */
final class Journal implements AutoCloseable {
  private final Storage storage;
  private final Map<String, Path> files;
  private final MetricsLog metrics;
  private final StepLines responses;
  private final Consumer<Map<String, Double>> gauges;

  private Journal(
      Storage storage,
      Map<String, Path> files,
      MetricsLog metrics,
      StepLines responses,
      Consumer<Map<String, Double>> gauges) {
    this.storage = storage;
    this.files = files;
    this.metrics = metrics;
    this.responses = responses;
    this.gauges = gauges;
  }

  /**
   * @param directory for the local files
   * @param resumedStep the step whose checkpoint the run goes on from; 0 for none
   * @param gauges told the metrics of every step
   */
  static Journal open(
      Session session, Path directory, int resumedStep, Consumer<Map<String, Double>> gauges) {
    Path metrics = directory.resolve("metrics.jsonl");
    Path responses = directory.resolve("rollouts.jsonl");
    var files = Map.of(session.keys().metrics(), metrics, session.keys().rollouts(), responses);
    if (resumedStep > 0) {
      files.forEach((key, file) -> fetch(session.storage(), key, file));
    }
    int kept = resumedStep == 0 ? -1 : resumedStep;
    return new Journal(
        session.storage(),
        files,
        MetricsLog.open(metrics, kept),
        StepLines.open(responses, kept),
        gauges);
  }

  private static void fetch(Storage storage, String key, Path file) {
    if (storage.stat(key).isPresent()) {
      storage.download(key, file);
    }
  }

  /** Adds a step. */
  void append(long step, Map<String, Double> figures, List<Map<String, Object>> sampled) {
    metrics.append(step, figures);
    responses.append(step, sampled);
    gauges.accept(figures);
  }

  /** Adds metrics to the last step. */
  void amend(long step, Map<String, Double> figures) {
    metrics.amend(figures);
    gauges.accept(figures);
  }

  void publish() {
    files.forEach(storage::upload);
  }

  @Override
  public void close() {
    metrics.close();
    responses.close();
  }
}
