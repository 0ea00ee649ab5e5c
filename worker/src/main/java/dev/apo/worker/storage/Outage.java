package dev.apo.worker.storage;

import dev.apo.worker.StopSignal;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;

/**
 * Since when a service is out, as all requests to it find together, and whether to go on waiting.
 * Thread-safe.
 */
final class Outage {
  /** Services that are busy for a moment are no news. */
  private static final Duration NEWS = Duration.ofSeconds(3);

  /** Who is asked to stop may yet save its work where a service is only busy. */
  private static final Duration LAST_WAIT = Duration.ofSeconds(30);

  private final String endpoint;
  private final Patience patience;
  private final InstantSource clock;
  private boolean answeredBefore;
  private Instant since;
  private boolean told;

  Outage(String endpoint, Patience patience, InstantSource clock) {
    this.endpoint = endpoint;
    this.patience = patience;
    this.clock = clock;
  }

  Instant now() {
    return clock.instant();
  }

  /** The service did what it was asked, or said why not. */
  synchronized void answered() {
    answeredBefore = true;
    if (told) {
      patience
          .goingOn()
          .accept(
              "Storage at %s answers again, after %d s."
                  .formatted(endpoint, Duration.between(since, now()).toSeconds()));
    }
    since = null;
    told = false;
  }

  /**
   * A request had no answer.
   *
   * @param sent when it was sent
   */
  synchronized void failed(Instant sent, IOException failure) {
    if (since == null) {
      since = sent;
    }
    if (!told && !now().isBefore(since.plus(NEWS))) {
      told = true;
      patience
          .waiting()
          .accept(
              "Waiting for storage since %s: %s does not answer (%s)."
                  .formatted(
                      since.truncatedTo(ChronoUnit.SECONDS), endpoint, S3Errors.reason(failure)));
    }
  }

  /** Whether the program was asked to stop and need not wait for this service to do so. */
  synchronized boolean isHopeless() {
    return isStopping() && since != null && !now().isBefore(since.plus(LAST_WAIT));
  }

  private boolean isStopping() {
    return patience.stopping().getAsBoolean();
  }

  /**
   * Whether the service answered before and may yet do so again.
   *
   * @param first when the operation that is to be repeated first failed; an answer that breaks off
   *     ends an outage, but not the failures of an operation
   * @throws dev.apo.worker.ApoException STOPPED if a stop was asked for
   */
  synchronized boolean isWorthWaiting(Instant first) {
    if (isStopping()) {
      throw StopSignal.stopped();
    }
    Instant start = since != null && since.isBefore(first) ? since : first;
    return answeredBefore && now().isBefore(start.plus(patience.longest()));
  }
}
