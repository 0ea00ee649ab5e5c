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

  private Work stage;
  private Work part;
  private Map<String, Double> headline = Map.of();

  public ProgressTracker(Clock clock, List<? extends ProgressView> views) {
    this.clock = clock;
    this.views = List.copyOf(views);
  }

  @Override
  public synchronized void stageStarted(String stage, long total, String unit, long alreadyDone) {
    this.stage = new Work(stage, total, unit, alreadyDone, clock.instant());
    part = null;
    headline = Map.of();
    show(ProgressView::started);
  }

  @Override
  public synchronized void advanced(long done, Map<String, Double> headline) {
    checkStarted();
    stage.advance(done, clock.instant());
    this.headline = headline;
    show(ProgressView::advanced);
  }

  @Override
  public synchronized void partStarted(String part, long total, String unit) {
    checkStarted();
    this.part = new Work(part, total, unit, 0, clock.instant());
    show(ProgressView::advanced);
  }

  @Override
  public synchronized void partAdvanced(long done) {
    if (part == null) {
      throw new IllegalStateException("no part has started");
    }
    part.advance(done, clock.instant());
    show(ProgressView::advanced);
  }

  @Override
  public synchronized void partFinished() {
    part = null;
  }

  @Override
  public synchronized void stageFinished(Map<String, Double> summary) {
    checkStarted();
    stage.last = clock.instant();
    part = null;
    headline = summary;
    show(ProgressView::finished);
    stage = null;
  }

  @Override
  public synchronized void message(String text) {
    Instant now = clock.instant();
    views.forEach(view -> view.message(now, text));
  }

  @Override
  public synchronized void waiting(String sentence) {
    views.forEach(view -> view.waiting(sentence));
    message(sentence);
  }

  @Override
  public synchronized void goingOn(String sentence) {
    views.forEach(ProgressView::goingOn);
    message(sentence);
  }

  private void checkStarted() {
    if (stage == null) {
      throw new IllegalStateException("no stage has started");
    }
  }

  private void show(BiConsumer<ProgressView, Progress> event) {
    Progress inner = part == null ? null : part.progress(Map.of(), null);
    Progress progress = stage.progress(headline, inner);
    views.forEach(view -> event.accept(view, progress));
  }

  /** Something that is counted while it gets on. */
  private static final class Work {
    private final String name;
    private final long total;
    private final String unit;
    private final Instant started;
    private final SmoothedRate rate = new SmoothedRate(HALF_LIFE_SECONDS);
    private long done;
    private Instant last;

    Work(String name, long total, String unit, long done, Instant now) {
      this.name = name;
      this.total = total;
      this.unit = unit;
      this.done = done;
      this.started = now;
      this.last = now;
    }

    void advance(long done, Instant now) {
      rate.add(done - this.done, Duration.between(last, now).toNanos() / 1e9);
      this.done = done;
      last = now;
    }

    Progress progress(Map<String, Double> figures, Progress part) {
      // A stage stands still while it is busy with a part, but time goes on.
      Instant now = part == null ? last : part.time();
      return new Progress(
          name,
          unit,
          done,
          total,
          rate.perSecond(),
          Duration.between(started, now),
          figures,
          now,
          part);
    }
  }
}
