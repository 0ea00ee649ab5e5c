package dev.apo.worker.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingResponseTest {
  @ParameterizedTest
  @CsvSource({
    "1, 16",
    "6, 96",
    "300, 1800",
    "725, 1450",
    "2000, 2000",
    "2001, 1000",
    "1000000, 2000"
  })
  void aRunKeepsAtMostTwoThousandResponsesFromStartToEnd(int steps, int expected) {
    int[] kept =
        IntStream.rangeClosed(1, steps).map(s -> TrainingResponse.kept(s, steps)).toArray();

    assertThat(IntStream.of(kept).sum()).isEqualTo(expected);
    assertThat(IntStream.of(kept).skip(steps * 9L / 10).sum()).isPositive();
  }
}
