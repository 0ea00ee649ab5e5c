package dev.apo.worker.telemetry;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntSupplier;

/**
 * One line on a terminal that is redrawn in place, e.g.
 *
 * <pre>train [########----------]  43%  312/725 steps  ETA 3m 12s  reward 0.710  2.1 steps/s</pre>
 *
 * <p>While a stage is busy with a part of its own, the part has the line.
 */
public final class ProgressBar implements ProgressView {
  /** More often than this the eye sees no difference. */
  private static final Duration REDRAW = Duration.ofMillis(100);

  private static final int MIN_BAR = 10;
  private static final int MAX_BAR = 30;

  /** Back to the start of the line, and erase it. */
  private static final String CLEAR = "\r\u001b[K";

  private final PrintStream out;
  private final IntSupplier columns;
  private Progress drawn;

  /**
   * @param out the terminal
   * @param columns its width now
   */
  public ProgressBar(PrintStream out, IntSupplier columns) {
    this.out = out;
    this.columns = columns;
  }

  @Override
  public void started(Progress progress) {
    draw(progress);
  }

  @Override
  public void advanced(Progress progress) {
    boolean other = drawn == null || (drawn.part() == null) != (progress.part() == null);
    if (other || Duration.between(drawn.time(), progress.time()).compareTo(REDRAW) >= 0) {
      draw(progress);
    }
  }

  @Override
  public void finished(Progress progress) {
    draw(progress);
    out.println();
    drawn = null;
  }

  @Override
  public void message(Instant time, String text) {
    out.println(drawn == null ? text : CLEAR + text);
    if (drawn != null) {
      draw(drawn);
    }
  }

  @Override
  public void end() {
    if (drawn != null) {
      out.println();
      drawn = null;
    }
  }

  private void draw(Progress progress) {
    drawn = progress;
    Progress shown = progress.part() == null ? progress : progress.part();
    out.print(CLEAR + render(shown, columns.getAsInt()));
    out.flush();
  }

  /** The line, shorter than the width, or the terminal would wrap it. */
  static String render(Progress progress, int width) {
    int room = Math.max(0, width - 1);
    String text = String.format(Locale.ROOT, "%4d%%", (int) progress.percent());
    for (String detail : details(progress)) {
      String longer = text + "  " + detail;
      // What matters least comes last, and goes first.
      if (progress.stage().length() + 3 + MIN_BAR + longer.length() > room) {
        break;
      }
      text = longer;
    }
    int bar = Math.min(MAX_BAR, room - progress.stage().length() - 3 - text.length());
    String line =
        bar < MIN_BAR
            ? progress.stage() + text
            : progress.stage() + " [" + bar(progress, bar) + "]" + text;
    return line.substring(0, Math.min(line.length(), room));
  }

  private static List<String> details(Progress progress) {
    List<String> details = new ArrayList<>();
    details.add(progress.done() + "/" + progress.total() + " " + progress.unit());
    if (progress.done() >= progress.total()) {
      details.add("in " + Words.of(progress.elapsed()));
    } else {
      progress.eta().ifPresent(eta -> details.add("ETA " + Words.of(eta)));
    }
    // A headline is worth more than the rate, which the ETA implies.
    progress.figures().forEach((name, figure) -> details.add(name + " " + Words.of(figure)));
    if (progress.perSecond() > 0) {
      details.add(Words.rate(progress.perSecond(), progress.unit()));
    }
    return details;
  }

  private static String bar(Progress progress, int length) {
    int full = (int) (progress.percent() / 100 * length);
    return "#".repeat(full) + "-".repeat(length - full);
  }
}
