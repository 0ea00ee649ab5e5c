package dev.apo.operator.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EchoesTest {
  private final Map<String, String> cache = new HashMap<>(Map.of("a", "10"));
  private Instant now = Instant.EPOCH;
  private final Echoes<String> echoes =
      new Echoes<>(
          new Clock() {
            @Override
            public ZoneId getZone() {
              return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
              return this;
            }

            @Override
            public Instant instant() {
              return now;
            }
          },
          Duration.ofSeconds(60));

  private void pass(int seconds) {
    now = now.plusSeconds(seconds);
  }

  @Test
  void aWriteThatComesBackIsWell() {
    echoes.written("a", "11");
    pass(50);
    assertThat(echoes.silent(cache::get)).isEmpty();
    cache.put("a", "12");
    pass(50);
    assertThat(echoes.silent(cache::get)).isEmpty();
  }

  @Test
  void aWriteThatDoesNotComeBackTellsOfADeadWatch() {
    echoes.written("a", "11");
    pass(61);
    assertThat(echoes.silent(cache::get)).contains("a");
    cache.put("a", "11");
    assertThat(echoes.silent(cache::get)).as("it has come to life again").isEmpty();
  }

  @Test
  void aDeletedResourceIsNotAwaited() {
    echoes.written("a", "11");
    cache.remove("a");
    pass(61);
    assertThat(echoes.silent(cache::get)).isEmpty();
  }

  @Test
  void versionsAreNumbers() {
    cache.put("a", "100");
    echoes.written("a", "99");
    pass(61);
    assertThat(echoes.silent(cache::get)).isEmpty();
  }
}
