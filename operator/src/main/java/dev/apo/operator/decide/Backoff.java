package dev.apo.operator.decide;

import java.time.Duration;

/** How long to wait before another attempt: twice as long each time, up to a limit. */
record Backoff(Duration first, Duration limit) {
  /** After a failure of the run's own. */
  static final Backoff FAILURE = new Backoff(Duration.ofSeconds(10), Duration.ofMinutes(6));

  /** After something that the run is not to blame for. */
  static final Backoff DISRUPTION = new Backoff(Duration.ofSeconds(1), Duration.ofMinutes(1));

  /**
   * @param times how often it happened, from 1
   */
  Duration after(int times) {
    Duration wait = first.multipliedBy(1L << Math.min(20, Math.max(0, times - 1)));
    return wait.compareTo(limit) < 0 ? wait : limit;
  }
}
