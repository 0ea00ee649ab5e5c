package dev.apo.worker.telemetry;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;

/**
 * A line now and then, for logs and pipes: when a stage starts and ends, and every five seconds in
 * between at most.
 */
public final class PlainLines implements ProgressView {
  private static final Duration PAUSE = Duration.ofSeconds(5);

  private final PrintStream out;
  private Instant last = Instant.MIN;

  public PlainLines(PrintStream out) {
    this.out = out;
  }

  @Override
  public void started(Progress progress) {
    last = progress.time();
    String from = progress.done() > 0 ? ", " + progress.done() + " done before" : "";
    out.println(progress.stage() + ": " + progress.total() + " " + progress.unit() + from);
  }

  @Override
  public void advanced(Progress progress) {
    if (Duration.between(last, progress.time()).compareTo(PAUSE) >= 0) {
      last = progress.time();
      out.println(line(progress.part() == null ? progress : progress.part()));
    }
  }

  @Override
  public void finished(Progress progress) {
    StringBuilder line =
        new StringBuilder(progress.stage() + ": finished in " + Words.of(progress.elapsed()));
    appendFigures(line, progress);
    out.println(line);
  }

  @Override
  public void message(Instant time, String text) {
    out.println(text);
  }

  private static String line(Progress progress) {
    StringBuilder line =
        new StringBuilder(
            progress.stage()
                + ": "
                + progress.done()
                + "/"
                + progress.total()
                + " "
                + progress.unit()
                + " ("
                + (int) progress.percent()
                + "%)");
    if (progress.perSecond() > 0) {
      line.append(", ").append(Words.rate(progress.perSecond(), progress.unit()));
    }
    progress.eta().ifPresent(eta -> line.append(", ").append(Words.of(eta)).append(" left"));
    appendFigures(line, progress);
    return line.toString();
  }

  private static void appendFigures(StringBuilder line, Progress progress) {
    progress
        .figures()
        .forEach(
            (name, figure) -> line.append(", ").append(name).append(' ').append(Words.of(figure)));
  }
}
