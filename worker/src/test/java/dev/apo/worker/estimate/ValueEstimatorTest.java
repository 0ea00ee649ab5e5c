package dev.apo.worker.estimate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import org.junit.jupiter.api.Test;

class ValueEstimatorTest {
  private static final String KEY =
      "c9aee31c9340736befd88862b4c2e2100c4a71b103dbfe9f6463409f78345974";
  private static final String OTHER = "d" + KEY.substring(1);

  @Test
  void everyResponseOfEveryTableHasASeedOfItsOwn() {
    var seeds = new HashSet<Long>();
    for (int row = 0; row < 1000; row++) {
      for (int sample = 0; sample < 8; sample++) {
        seeds.add(ValueEstimator.seed(KEY, row, sample));
        seeds.add(ValueEstimator.seed(OTHER, row, sample));
      }
    }

    assertThat(seeds).hasSize(2 * 1000 * 8);
  }

  /** A table that was begun by one version must be finished the same way by the next. */
  @Test
  void aSeedIsTheSameForEver() {
    assertThat(ValueEstimator.seed(KEY, 7, 3)).isEqualTo(7206092259484220393L);
  }
}
