package dev.apo.operator.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.api.v1alpha1.PrepareResults;
import dev.apo.api.v1alpha1.Progress;
import dev.apo.operator.Stage;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProgressSummaryTest {
  private static final long MOST = 9007199254740991L;

  @Test
  void theResponsesToSampleAreNeverMoreThanAStatusHolds() {
    var prepared = new PrepareResults(null, null, null, MOST, null, null);
    Progress progress =
        ProgressSummary.of(
            Stage.ESTIMATE, List.of(shard(0, PodState.Life.SUCCEEDED, null)), 2, prepared, 4000);
    assertThat(progress.total()).isEqualTo(MOST);
    assertThat(progress.done()).isBetween(0L, MOST);
    assertThat(progress.percent()).isBetween(0, 100);
  }

  @Test
  void whatTheShardsSayTogetherIsNeverMoreThanAStatusHolds() {
    var all = new PodProgress(MOST, MOST, null, Map.of());
    Progress progress =
        ProgressSummary.of(
            Stage.ESTIMATE,
            List.of(shard(0, PodState.Life.RUNNING, all), shard(1, PodState.Life.RUNNING, all)),
            2,
            null,
            8);
    assertThat(progress.total()).isEqualTo(MOST);
    assertThat(progress.done()).isBetween(0L, MOST);
  }

  private static PodState shard(int index, PodState.Life life, PodProgress progress) {
    return new PodState(
        "pod-" + index,
        Stage.ESTIMATE,
        1,
        index,
        life,
        null,
        life == PodState.Life.SUCCEEDED ? 0 : null,
        false,
        null,
        null,
        null,
        null,
        progress,
        null,
        null);
  }
}
