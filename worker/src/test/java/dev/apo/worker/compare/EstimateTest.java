package dev.apo.worker.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class EstimateTest {
  @Test
  void theIntervalIsStudents() {
    Estimate estimate = Estimate.of(1.0, 2.0, 3.0);

    assertThat(estimate.mean()).isEqualTo(2);
    // t(0.975, 2) = 4.302653 in every table; the deviation is 1.
    assertThat(estimate.halfWidth()).isCloseTo(4.302653 / Math.sqrt(3), within(1e-5));
  }

  @Test
  void oneValueHasNoInterval() {
    assertThat(Estimate.of(0.5)).isEqualTo(new Estimate(0.5, null));
    assertThat(Estimate.of(0.5).inWords(3)).isEqualTo("0.500");
  }

  @Test
  void equalValuesHaveAnIntervalOfNoWidth() {
    assertThat(Estimate.of(0.5, 0.5)).isEqualTo(new Estimate(0.5, 0.0));
  }

  @Test
  void aValueThatIsNotKnownLeavesNoMean() {
    assertThat(Estimate.of(0.5, null)).isNull();
    assertThat(Estimate.of()).isNull();
  }

  @Test
  void wordsHaveTheDecimalsThatAreAskedFor() {
    assertThat(new Estimate(1234.56, 7.89).inWords(1)).isEqualTo("1,234.6 ± 7.9");
  }
}
