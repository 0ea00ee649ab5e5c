package dev.apo.operator.health;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Knows a dead watch by its silence: what the operator writes must come back to its cache. It asks
 * the API server for nothing, so idle resources cost nothing. Thread-safe.
 *
 * @param <K> what identifies a resource
 */
public final class Echoes<K> {
  private final Map<K, Write> awaited = new ConcurrentHashMap<>();
  private final Clock clock;
  private final Duration patience;

  private record Write(long version, Instant time) {}

  /**
   * @param patience how long a write may take to come back
   */
  public Echoes(Clock clock, Duration patience) {
    this.clock = clock;
    this.patience = patience;
  }

  /** A write of a resource has given it this version. */
  public void written(K key, String version) {
    awaited.put(key, new Write(Long.parseLong(version), clock.instant()));
  }

  /**
   * A resource whose write has not come back for too long, if there is one.
   *
   * @param cached the version in the cache; null if the resource is not there
   */
  public Optional<K> silent(Function<K, String> cached) {
    awaited
        .entrySet()
        .removeIf(
            entry -> {
              String version = cached.apply(entry.getKey());
              // One that is gone was deleted, which the cache has heard of.
              return version == null || Long.parseLong(version) >= entry.getValue().version();
            });
    Instant limit = clock.instant().minus(patience);
    return awaited.entrySet().stream()
        .filter(entry -> entry.getValue().time().isBefore(limit))
        .map(Map.Entry::getKey)
        .findFirst();
  }
}
