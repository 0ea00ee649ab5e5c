package dev.apo.operator.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.api.v1alpha1.APOTrainingStatus;
import dev.apo.api.v1alpha1.Condition;
import dev.apo.api.v1alpha1.Phase;
import dev.apo.operator.Stage;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds whatever happens, in worlds where anything may happen. */
class DeciderPropertiesTest {
  private static final int STEPS = 4000;
  private static final Set<Phase> TERMINAL = Set.of(Phase.SUCCEEDED, Phase.FAILED);
  private static final List<Integer> EXIT_CODES = List.of(1, 65, 74, 75, 78, 137, 143);

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void promisesHoldInAnyWorld(long seed) {
    Random random = new Random(seed);
    World world = new World();
    int ended = 0;
    for (int i = 0; i < STEPS; i++) {
      disturb(world, random);
      APOTrainingStatus before = world.status;
      Observation seen = world.observe();
      Decision decision = world.step();

      assertThat(decision).as("a function").isEqualTo(Decider.decide(seen));
      assertThat(decision.status().observedGeneration()).isEqualTo(world.generation);
      assertThat(decision.status().conditions())
          .extracting(Condition::observedGeneration)
          .containsOnly(world.generation);
      List<Action.CreateJob> created =
          decision.actions().stream()
              .filter(Action.CreateJob.class::isInstance)
              .map(Action.CreateJob.class::cast)
              .toList();
      assertThat(created.size()).isLessThanOrEqualTo(1);
      if (Boolean.TRUE.equals(world.spec.suspend())) {
        assertThat(created).as("suspended").isEmpty();
      }
      for (Action.CreateJob create : created) {
        assertThat(seen.jobs(create.stage()))
            .as("no attempt overlaps another")
            .noneMatch(JobState::isLive);
        assertThat(seen.jobs(create.stage()))
            .as("attempts only grow")
            .allMatch(job -> job.attempt() < create.attempt());
      }
      if (before != null && TERMINAL.contains(before.phase())) {
        assertThat(decision.status().phase()).as("the end is final").isEqualTo(before.phase());
        assertThat(created).isEmpty();
      }
      if (TERMINAL.contains(world.status.phase()) && random.nextInt(10) == 0) {
        ended++;
        world = new World();
      }
    }
    assertThat(ended).as("runs that came to an end").isGreaterThan(10);
  }

  private static void disturb(World world, Random random) {
    world.pass(Duration.ofSeconds(random.nextInt(120)));
    if (random.nextInt(20) == 0) {
      world.generation++;
      world.spec =
          World.spec(
              switch (random.nextInt(3)) {
                case 0 -> "{\"suspend\": true}";
                case 1 -> "{\"queueName\": \"q\"}";
                default -> "{}";
              });
    }
    for (Stage stage : Stage.values()) {
      if (world.observe().jobs(stage).isEmpty()) {
        continue;
      }
      switch (random.nextInt(8)) {
        case 0 -> world.pods(stage, world.succeeded(stage, 0), world.succeeded(stage, 1));
        case 1 ->
            world.pods(
                stage,
                world.running(
                    stage,
                    random.nextInt(2),
                    new PodProgress(random.nextInt(100), 100, null, Map.of())));
        case 2 ->
            world.failed(
                stage, world.ended(stage, EXIT_CODES.get(random.nextInt(EXIT_CODES.size()))));
        case 3 -> world.jobs.removeIf(job -> job.stage() == stage && random.nextInt(5) == 0);
        case 4 ->
            world.failed(
                stage, world.ended(stage, 137), world.running(stage, random.nextInt(2), null));
        default -> {}
      }
    }
  }
}
