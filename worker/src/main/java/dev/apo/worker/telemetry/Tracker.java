package dev.apo.worker.telemetry;

import java.util.Map;

/** Where metrics go beside {@code metrics.jsonl}. */
public interface Tracker {
  /** How the training ended in this process. */
  enum Ending {
    FINISHED,
    STOPPED,
    FAILED
  }

  /** Tells metrics of a step. Steps never fall; a step's metrics may come in parts. */
  void append(long step, Map<String, Double> metrics);

  /** Tells the end; nothing follows. */
  void end(Ending ending);
}
