package dev.apo.operator.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.api.v1alpha1.PrepareResults;
import dev.apo.api.v1alpha1.Progress;
import dev.apo.operator.Stage;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressSummaryTest {
  private static final long MOST = 9007199254740991L;

  @Test
  void aTotalIsNeverMoreThanAStatusHolds() {
    var prepared = new PrepareResults(null, null, null, MOST, null, null);
    var done =
        new PodState(
            "pod",
            Stage.ESTIMATE,
            1,
            0,
            PodState.Life.SUCCEEDED,
            null,
            0,
            false,
            null,
            null,
            null,
            null,
            null,
            null,
            null);
    Progress progress = ProgressSummary.of(Stage.ESTIMATE, List.of(done), 2, prepared, 4000);
    assertThat(progress.total()).isEqualTo(MOST);
    assertThat(progress.done()).isBetween(0L, MOST);
    assertThat(progress.percent()).isBetween(0, 100);
  }
}
