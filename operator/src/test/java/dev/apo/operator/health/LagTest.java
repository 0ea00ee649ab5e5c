package dev.apo.operator.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LagTest {
  private final Lag<String> lag = new Lag<>();
  private final Map<String, Long> there = new HashMap<>();
  private final Map<String, Long> cache = new HashMap<>();

  private boolean isSilent() {
    return lag.look(there, key -> cache.getOrDefault(key, 0L)).isPresent();
  }

  @Test
  void aCacheMayBeBehindUntilTheNextLook() {
    there.put("a", 10L);
    assertThat(isSilent()).isFalse();
    cache.put("a", 10L);
    there.put("a", 20L);
    assertThat(isSilent()).as("the change is new").isFalse();
  }

  @Test
  void aChangeThatDoesNotComeTellsOfADeadWatch() {
    there.put("a", 20L);
    cache.put("a", 10L);
    isSilent();
    assertThat(isSilent()).isTrue();
    cache.put("a", 20L);
    assertThat(isSilent()).as("it has come to life again").isFalse();
  }

  @Test
  void anObjectThatNeverComesTellsOfADeadWatch() {
    there.put("a", 10L);
    isSilent();
    assertThat(isSilent()).isTrue();
  }

  @Test
  void anObjectThatHasGoneIsNotAwaited() {
    there.put("a", 10L);
    isSilent();
    there.remove("a");
    assertThat(isSilent()).isFalse();
  }
}
