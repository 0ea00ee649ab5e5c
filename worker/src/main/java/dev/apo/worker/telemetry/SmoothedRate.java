package dev.apo.worker.telemetry;

/**
 * A rate over the recent past: older work counts less, by half every half-life of working time.
 * Unlike the usual moving average it is unbiased from the first observation. Not thread-safe.
 */
final class SmoothedRate {
  private final double halfLifeSeconds;
  private double work;
  private double seconds;

  SmoothedRate(double halfLifeSeconds) {
    this.halfLifeSeconds = halfLifeSeconds;
  }

  /** Adds some work and the time that it took; a clock that was set back counts as no time. */
  void add(double newWork, double newSeconds) {
    double elapsed = Math.max(0, newSeconds);
    double decay = Math.pow(0.5, elapsed / halfLifeSeconds);
    work = work * decay + newWork;
    seconds = seconds * decay + elapsed;
  }

  /** Work per second; 0 while there is none. */
  double perSecond() {
    return seconds > 0 ? work / seconds : 0;
  }
}
