package dev.apo.worker.telemetry;

import java.io.PrintStream;
import java.time.Instant;
import java.util.Optional;
import java.util.function.IntSupplier;

/** Shows progress somewhere. Calls never overlap; a view that fails must not fail the run. */
public interface ProgressView {
  /** The view for standard error: a bar if it is a terminal, else plain or JSON lines. */
  static ProgressView onStandardError(boolean json) {
    return of(json, json ? Optional.empty() : Terminal.ofStandardError(), System.err);
  }

  /** The view for a stream, which is a terminal if it has a width in columns. */
  static ProgressView of(boolean json, Optional<? extends IntSupplier> columns, PrintStream out) {
    if (json) {
      return new JsonLines(out);
    }
    return columns.isPresent() ? new ProgressBar(out, columns.get()) : new PlainLines(out);
  }

  /** A stage begins. */
  void started(Progress progress);

  /** It got on. This may be called far more often than is worth showing. */
  void advanced(Progress progress);

  /** It is complete. */
  void finished(Progress progress);

  /** One line for people, between or during stages. */
  void message(Instant time, String text);

  /** The work stands still from now on, and why; a message tells the same. */
  default void waiting(String sentence) {}

  /** The work goes on. */
  default void goingOn() {}

  /** Nothing more will be shown; what comes next on the same stream starts a line of its own. */
  default void end() {}
}
