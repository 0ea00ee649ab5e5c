package dev.apo.worker.storage;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * When to ask a busy or absent service again: after twice as long each time, at most {@code
 * longest}, and at a random moment of the second half of it, so that many pods do not come back all
 * at once.
 *
 * @param attempts how often to ask in all, at least 1
 * @param first the pause after the first attempt
 * @param longest no pause is longer
 * @param sleeper what waits
 */
public record Backoff(int attempts, Duration first, Duration longest, Sleeper sleeper) {
  /** About half a minute in all. */
  static final Backoff DEFAULT = ofAttempts(7);

  /** Starts with half a second; no pause is longer than 16 seconds. */
  public static Backoff ofAttempts(int attempts) {
    return new Backoff(
        attempts, Duration.ofMillis(500), Duration.ofSeconds(16), d -> Thread.sleep(d.toMillis()));
  }

  /** Waits; tests only note for how long. */
  public interface Sleeper {
    void sleep(Duration duration) throws InterruptedException;
  }

  /** Waits after the given attempt, counted from 1; false if it was the last one. */
  public boolean pauseAfter(int attempt) {
    return attempt < attempts && pause(attempt);
  }

  /** Waits after the given attempt, however many there were; false if the thread shall end. */
  public boolean pause(int attempt) {
    try {
      sleeper.sleep(length(attempt));
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private Duration length(int attempt) {
    double full =
        Math.min(longest.toMillis(), first.toMillis() * Math.pow(2, Math.min(attempt - 1, 30)));
    return Duration.ofMillis((long) (full * ThreadLocalRandom.current().nextDouble(0.5, 1)));
  }
}
