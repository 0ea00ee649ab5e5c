package dev.apo.worker.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RandomStreamTest {
  @Test
  void givesTheNumbersOfSplitMix64() {
    RandomStream stream = new RandomStream(1234567);
    assertThat(LongStream.range(0, 3).map(stream::bits))
        .containsExactly(
            6457827717110365317L,
            3203168211198807973L,
            Long.parseUnsignedLong("9817491932198370423"));
  }

  @Test
  void uniformNumbersStayBelowOne() {
    RandomStream stream = RandomStream.of(7, 3, 1);
    double sum = 0;
    int inFirstTenth = 0;
    for (int i = 0; i < 100_000; i++) {
      float u = stream.uniform(i);
      assertThat(u >= 0 && u < 1).isTrue();
      sum += u;
      inFirstTenth += u < 0.1f ? 1 : 0;
    }
    assertThat(sum / 100_000).isCloseTo(0.5, within(0.005));
    assertThat(inFirstTenth / 100_000.0).isCloseTo(0.1, within(0.005));
  }

  @Test
  void everyPlaceHasANumberOfItsOwn() {
    Set<Long> seen = new HashSet<>();
    for (int row = 0; row < 20; row++) {
      for (int sample = 0; sample < 20; sample++) {
        for (int token = 0; token < 20; token++) {
          seen.add(RandomStream.of(0, row, sample).bits(token));
        }
      }
    }
    assertThat(seen).hasSize(8000);
  }

  @Test
  void pathsAreNotMixedUp() {
    assertThat(RandomStream.of(0, 1, 2)).isNotEqualTo(RandomStream.of(0, 2, 1));
    assertThat(RandomStream.of(1, 0)).isNotEqualTo(RandomStream.of(0, 1));
    assertThat(RandomStream.of(0, 0)).isNotEqualTo(RandomStream.of(0));
    assertThat(RandomStream.of(5, 6, 7)).isEqualTo(RandomStream.of(5, 6, 7));
  }
}
