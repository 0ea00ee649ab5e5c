package dev.apo.operator.decide;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.api.v1alpha1.ConditionType;
import dev.apo.api.v1alpha1.Phase;
import dev.apo.api.v1alpha1.PrepareResults;
import dev.apo.operator.Stage;
import dev.apo.operator.drill.Drill;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Decisions about what nobody should send. */
@Tag("drill")
class DeciderDrillTest {
  private static final int KIBIBYTE = 1024;

  private final World world = new World();

  @Test
  void theStatusOfTenThousandShardsAndMegabytesOfErrorsIsSmall() throws Exception {
    int shards = 10_000;
    String error = "x".repeat(KIBIBYTE * KIBIBYTE);
    world.spec =
        World.spec("{\"estimate\": {\"samplesPerPrompt\": 8, \"shards\": %d}}".formatted(shards));
    world.runTo(Stage.ESTIMATE);
    PodState[] pods =
        IntStream.range(0, shards)
            .mapToObj(
                i ->
                    i % 2 == 0
                        ? world.running(Stage.ESTIMATE, i, new PodProgress(1, 8, 5L, Map.of()))
                        : world.pod(
                            Stage.ESTIMATE,
                            i,
                            PodState.Life.FAILED,
                            1,
                            false,
                            null,
                            LastWord.failure(error),
                            null,
                            null))
            .toArray(PodState[]::new);
    world.pods(Stage.ESTIMATE, pods);
    world.step();
    assertThat(size()).as("while it runs").isLessThan(64 * KIBIBYTE);
    assertThat(world.status.estimate().progress().shards()).isEqualTo(shards);
    world.failed(Stage.ESTIMATE, pods);
    world.step();
    assertThat(world.condition(ConditionType.VALUE_ESTIMATED).message())
        .startsWith("xxx")
        .contains("(cut)");
    assertThat(size()).as("after the failure").isLessThan(64 * KIBIBYTE);
    Drill.passed("10,000 shards, errors of a megabyte", shards, "cut, with a mark");
  }

  private int size() throws Exception {
    return new ObjectMapper().writeValueAsBytes(world.status).length;
  }

  @Test
  void aPodOfAnEarlierAttemptThatEndsWellPublishesNothing() {
    world.runTo(Stage.PREPARE);
    JobState first = world.current(Stage.PREPARE);
    world.failed(Stage.PREPARE, world.ended(Stage.PREPARE, 70));
    world.step();
    world.pass(Duration.ofMinutes(1));
    world.step();
    assertThat(world.status.prepare().attempt()).isEqualTo(2);
    LastWord forged =
        new LastWord(null, new PrepareResults("stale", true, 1L, 1L, 1L, 0L), null, null, null);
    PodState stale =
        world.pod(Stage.PREPARE, 0, PodState.Life.SUCCEEDED, 0, false, null, forged, null, null);
    world.replace(World.copy(first, false, true, null, List.of(stale)));
    world.step();
    assertThat(world.status.phase()).isEqualTo(Phase.PREPARING);
    world.finish(Stage.PREPARE);
    assertThat(world.status.results().prepare().vstarKey()).isEqualTo("key");
    Drill.passed("a pod of an earlier attempt ends late", 1, "no result");
  }
}
