package dev.apo.operator.health;

import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Knows a dead watch by comparison: what the API server held at the last look must be in the cache
 * at the next one. Not thread-safe.
 *
 * @param <K> what identifies an object, other than an earlier one of its name
 */
final class Lag<K> {
  private Map<K, Long> before = Map.of();

  /**
   * Looks again.
   *
   * @param there versions of objects that the API server holds now
   * @param cached the version in the cache; 0 if the object is not there
   * @return an object that is still there, and whose version of the last look has not come yet
   */
  Optional<K> look(Map<K, Long> there, Function<K, Long> cached) {
    Optional<K> silent =
        before.entrySet().stream()
            .filter(entry -> there.containsKey(entry.getKey()))
            .filter(entry -> cached.apply(entry.getKey()) < entry.getValue())
            .map(Map.Entry::getKey)
            .findFirst();
    before = Map.copyOf(there);
    return silent;
  }
}
