package dev.apo.worker.train;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.StopSignal;
import dev.apo.worker.run.RunKeys;
import dev.apo.worker.run.Session;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.telemetry.EventLog;
import dev.apo.worker.telemetry.MetricsLog;
import dev.apo.worker.telemetry.StepLines;
import dev.apo.worker.telemetry.Tracker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What a training run writes down as it goes: the metrics of every step and some of its responses;
 * and tells to others: gauges, TensorBoard, MLflow. The files are local; {@link #publish} stores
 * them, before each checkpoint, so that a run that goes on from a checkpoint finds all steps up to
 * it, and drops what came after.
 */
final class Journal implements AutoCloseable {
  private final Storage storage;
  private final Map<String, Path> files;
  private final MetricsLog metrics;
  private final StepLines responses;
  private final Consumer<Map<String, Double>> gauges;
  private final List<Tracker> trackers;
  private final StopSignal stop;
  private boolean finished;

  private Journal(
      Storage storage,
      Map<String, Path> files,
      MetricsLog metrics,
      StepLines responses,
      Consumer<Map<String, Double>> gauges,
      List<Tracker> trackers,
      StopSignal stop) {
    this.storage = storage;
    this.files = files;
    this.metrics = metrics;
    this.responses = responses;
    this.gauges = gauges;
    this.trackers = trackers;
    this.stop = stop;
  }

  /**
   * @param directory for the local files
   * @param resumedStep the step whose checkpoint the run goes on from; 0 for none
   * @param gauges told the metrics of every step
   */
  static Journal open(
      Session session, Path directory, int resumedStep, Consumer<Map<String, Double>> gauges) {
    RunKeys keys = session.keys();
    Map<String, Path> files = new LinkedHashMap<>();
    files.put(keys.metrics(), directory.resolve("metrics.jsonl"));
    files.put(keys.rollouts(), directory.resolve("rollouts.jsonl"));
    boolean tensorBoard = session.spec().tracking().tensorBoard();
    if (tensorBoard) {
      files.put(keys.events(), directory.resolve("events"));
    }
    if (resumedStep > 0) {
      files.forEach((key, file) -> fetch(session, key, file));
    }
    int kept = resumedStep == 0 ? -1 : resumedStep;
    MetricsLog metrics = MetricsLog.open(files.get(keys.metrics()), kept);
    if (resumedStep > 0 && metrics.hasGap()) {
      session
          .reporter()
          .message(
              session.storage().uri(keys.metrics())
                  + " is damaged: the metrics of some steps up to step "
                  + resumedStep
                  + " are lost, and nothing else.");
    }
    List<Tracker> trackers = new ArrayList<>(Mlflow.trackers(session));
    // A killed attempt may not have sent all; what a server has already it does not get again.
    trackers.forEach(metrics::replay);
    if (tensorBoard) {
      Path file = files.get(keys.events());
      boolean anew = Files.notExists(file);
      EventLog events = EventLog.open(file, kept, Clock.systemUTC());
      if (anew) {
        metrics.replay(events);
      }
      trackers.add(events);
    }
    return new Journal(
        session.storage(),
        files,
        metrics,
        StepLines.open(files.get(keys.rollouts()), kept),
        gauges,
        trackers,
        session.stop());
  }

  /** What is damaged is no reason not to go on: nothing is computed from it. */
  private static void fetch(Session session, String key, Path file) {
    try {
      if (session.storage().stat(key).isPresent()) {
        session.storage().download(key, file);
      }
    } catch (ApoException e) {
      if (e.exitCode() != ExitCode.BAD_ARTIFACT) {
        throw e;
      }
      session.reporter().message(e.getMessage());
    }
  }

  /** Adds a step. */
  void append(long step, Map<String, Double> figures, List<Map<String, Object>> sampled) {
    metrics.append(step, figures);
    responses.append(step, sampled);
    tell(step, figures);
  }

  /** Adds metrics to the last step. */
  void amend(long step, Map<String, Double> figures) {
    metrics.amend(step, figures);
    tell(step, figures);
  }

  void publish() {
    files.forEach(storage::upload);
  }

  private void tell(long step, Map<String, Double> figures) {
    gauges.accept(figures);
    trackers.forEach(tracker -> tracker.append(step, figures));
  }

  /** The training is complete, its model stored. */
  void finish() {
    finished = true;
  }

  @Override
  public void close() {
    metrics.close();
    responses.close();
    Tracker.Ending ending =
        finished
            ? Tracker.Ending.FINISHED
            : stop.requested() ? Tracker.Ending.STOPPED : Tracker.Ending.FAILED;
    trackers.forEach(tracker -> tracker.end(ending));
  }
}
