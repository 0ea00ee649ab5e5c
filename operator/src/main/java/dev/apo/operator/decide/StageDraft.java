package dev.apo.operator.decide;

import dev.apo.api.v1alpha1.Progress;
import dev.apo.api.v1alpha1.StageStatus;
import java.time.Instant;
import java.util.Objects;

/** A stage's status while it is being worked out. */
final class StageDraft {
  private String job;
  private int attempt;
  private int failures;
  private int disruptions;
  private Instant start;
  private Instant completion;
  private Instant progressed;
  private Instant retry;
  private Progress progress;

  StageDraft(StageStatus old) {
    if (old != null) {
      job = old.job();
      attempt = or0(old.attempt());
      failures = or0(old.failures());
      disruptions = or0(old.disruptions());
      start = Times.parse(old.startTime());
      completion = Times.parse(old.completionTime());
      progressed = Times.parse(old.progressTime());
      retry = Times.parse(old.retryTime());
      progress = old.progress();
    }
  }

  private static int or0(Integer number) {
    return number == null ? 0 : number;
  }

  String job() {
    return job;
  }

  int attempt() {
    return attempt;
  }

  int failures() {
    return failures;
  }

  /** Whether the attempt is over and the next one has not begun. */
  boolean isBetweenAttempts() {
    return attempt == 0 || retry != null;
  }

  /** When the next attempt may begin; null if it may at once. */
  Instant retry() {
    return retry;
  }

  /** When the stage last got on. */
  Instant progressed() {
    return progressed;
  }

  void started(int newAttempt, String newJob, Instant now) {
    attempt = newAttempt;
    job = newJob;
    retry = null;
    if (start == null) {
      start = now;
    }
    progressed = now;
  }

  void gotOn(Instant now) {
    progressed = now;
  }

  void progress(Progress now, Instant time) {
    if (progress == null || !Objects.equals(progress.done(), now.done())) {
      progressed = time;
    }
    progress = now;
  }

  void failures(int count) {
    failures = count;
  }

  void disrupted() {
    disruptions++;
  }

  int disruptions() {
    return disruptions;
  }

  void over(Instant nextAttempt) {
    retry = nextAttempt;
  }

  void completed(Instant now) {
    completion = now;
    retry = null;
    if (progress != null && progress.total() != null) {
      progress =
          new Progress(
              progress.total(),
              progress.total(),
              100,
              0L,
              progress.shards(),
              progress.shards(),
              progress.message());
    }
  }

  StageStatus build() {
    return start == null && attempt == 0
        ? null
        : new StageStatus(
            job,
            attempt,
            failures,
            disruptions,
            Times.format(start),
            Times.format(completion),
            Times.format(progressed),
            Times.format(retry),
            progress);
  }
}
