package dev.apo.worker.telemetry;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** Makes progress of what stages tell, and shows it in every view. Thread-safe. */
public final class ProgressTracker implements Reporter {
  /** Long enough to even out steps of different length, short enough to notice a change. */
  private static final double HALF_LIFE_SECONDS = 60;

  private final Clock clock;
  private final List<ProgressView> views;

  private String stage;
  private String unit;
  private long total;
  private long done;
  private Instant started;
  private Instant last;
  private SmoothedRate rate;

  public ProgressTracker(Clock clock, List<? extends ProgressView> views) {
    this.clock = clock;
    this.views = List.copyOf(views);
  }

  @Override
  public synchronized void stageStarted(String stage, long total, String unit, long alreadyDone) {
    this.stage = stage;
    this.unit = unit;
    this.total = total;
    this.done = alreadyDone;
    this.started = clock.instant();
    this.last = started;
    this.rate = new SmoothedRate(HALF_LIFE_SECONDS);
    show(ProgressView::started, Map.of());
  }

  @Override
  public synchronized void advanced(long done, Map<String, Double> headline) {
    checkStarted();
    Instant now = clock.instant();
    rate.add(done - this.done, Duration.between(last, now).toNanos() / 1e9);
    this.done = done;
    this.last = now;
    show(ProgressView::advanced, headline);
  }

  @Override
  public synchronized void stageFinished(Map<String, Double> summary) {
    checkStarted();
    last = clock.instant();
    show(ProgressView::finished, summary);
    stage = null;
  }

  @Override
  public synchronized void message(String text) {
    Instant now = clock.instant();
    views.forEach(view -> view.message(now, text));
  }

  private void checkStarted() {
    if (stage == null) {
      throw new IllegalStateException("no stage has started");
    }
  }

  private void show(BiConsumer<ProgressView, Progress> event, Map<String, Double> figures) {
    Progress progress =
        new Progress(
            stage,
            unit,
            done,
            total,
            rate.perSecond(),
            Duration.between(started, last),
            figures,
            last);
    views.forEach(view -> event.accept(view, progress));
  }
}
