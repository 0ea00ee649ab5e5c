package dev.apo.worker.storage;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * How long to wait for a service that answered before and does not any more, and who is told. One
 * that never answered may have a wrong address: it is asked for half a minute.
 *
 * @param longest from the first failure on
 * @param waiting told a sentence when an outage lasts: since when, and for what
 * @param goingOn told a sentence when the service answers again
 * @param stopping whether the program was asked to stop: it waits no longer than it must
 */
public record Patience(
    Duration longest,
    Consumer<String> waiting,
    Consumer<String> goingOn,
    BooleanSupplier stopping) {
  /** Seconds to wait, where a person wants other than the default. */
  public static final String VARIABLE = "APO_STORAGE_PATIENCE";

  /** A restarted or rescheduled service is back by then; a GPU that waits longer is wasted. */
  public static final Duration DEFAULT_LONGEST = Duration.ofMinutes(15);

  /** Tells nobody. */
  public static final Patience DEFAULT =
      new Patience(DEFAULT_LONGEST, text -> {}, text -> {}, () -> false);
}
