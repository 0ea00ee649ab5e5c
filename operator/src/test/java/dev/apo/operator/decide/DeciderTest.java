package dev.apo.operator.decide;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.api.v1alpha1.Condition;
import dev.apo.api.v1alpha1.ConditionStatus;
import dev.apo.api.v1alpha1.ConditionType;
import dev.apo.api.v1alpha1.Phase;
import dev.apo.operator.Stage;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DeciderTest {
  private final World world = new World();

  @Test
  void aNewRunStartsByPreparing() {
    Decision decision = world.step();
    assertThat(decision.actions()).containsExactly(new Action.CreateJob(Stage.PREPARE, 1, 0));
    assertThat(world.status.phase()).isEqualTo(Phase.PREPARING);
    assertThat(world.status.prepare().job()).isEqualTo("run-prepare-1");
    assertThat(world.condition(ConditionType.PREPARED).reason()).isEqualTo("JobCreated");
  }

  @Test
  void eachStageFollowsTheOneBefore() {
    world.runTo(Stage.ESTIMATE);
    assertThat(world.status.phase()).isEqualTo(Phase.ESTIMATING);
    world.finish(Stage.ESTIMATE);
    assertThat(world.status.phase()).isEqualTo(Phase.TRAINING);
    world.finish(Stage.TRAIN);
    assertThat(world.status.phase()).isEqualTo(Phase.SUCCEEDED);
    assertThat(world.condition(ConditionType.SUCCEEDED).status()).isEqualTo(ConditionStatus.TRUE);
    assertThat(world.status.results().train().accuracy()).isEqualTo(0.9);
    assertThat(world.status.artifacts().model()).isEqualTo("s3://b/model");
    assertThat(world.status.activeSince()).isNull();
  }

  @Test
  void thePhasesTimeIsThatOfItsChange() {
    world.runTo(Stage.ESTIMATE);
    String since = world.status.phaseTime();
    assertThat(since).isEqualTo(Times.format(world.now));
    world.pass(Duration.ofSeconds(30));
    world.pods(
        Stage.ESTIMATE, world.running(Stage.ESTIMATE, 0, new PodProgress(64, 256, 30L, Map.of())));
    world.step();
    assertThat(world.status.phaseTime()).as("progress is no change of phase").isEqualTo(since);
    world.pass(Duration.ofSeconds(30));
    world.finish(Stage.ESTIMATE);
    assertThat(world.status.phase()).isEqualTo(Phase.TRAINING);
    assertThat(world.status.phaseTime()).isEqualTo(Times.format(world.now));
  }

  @Test
  void theNextStageStartsWhenTheLastPodEndsBeforeKubernetesSaysThatTheJobIsComplete() {
    world.step();
    world.pods(Stage.PREPARE, world.succeeded(Stage.PREPARE, 0));
    assertThat(world.step().actions()).containsExactly(new Action.CreateJob(Stage.ESTIMATE, 1, 2));
  }

  @Test
  void aStageWithShardsWaitsForEachOfThem() {
    world.runTo(Stage.ESTIMATE);
    world.pods(
        Stage.ESTIMATE,
        world.succeeded(Stage.ESTIMATE, 0),
        world.running(Stage.ESTIMATE, 1, new PodProgress(64, 256, 30L, Map.of())));
    assertThat(world.step().actions()).isEmpty();
    assertThat(world.status.estimate().progress().shardsDone()).isEqualTo(1);
    assertThat(world.status.progress())
        .isEqualTo("320/512 responses, 1 of 2 shards (62%), 30s left");
  }

  @Test
  void responsesOfAllShardsAreCountedTogether() {
    world.runTo(Stage.ESTIMATE);
    world.finish(Stage.ESTIMATE);
    assertThat(world.status.results().estimate().responses()).isEqualTo(2 * 512L);
    assertThat(world.status.results().estimate().reward()).isEqualTo(0.5);
  }

  @Test
  void theResponsesOfAllShardsAreNeverMoreThanAStatusHolds() {
    long most = 9007199254740991L;
    world.responses = most;
    world.runTo(Stage.ESTIMATE);
    world.finish(Stage.ESTIMATE);
    assertThat(world.status.results().estimate().responses()).isEqualTo(most);
  }

  @Test
  void aTableThatIsThereIsNotSampledAgain() {
    world.tableReused = true;
    world.runTo(Stage.ESTIMATE);
    assertThat(world.condition(ConditionType.VALUE_ESTIMATED).reason()).isEqualTo("TableReused");
    assertThat(world.status.phase()).isEqualTo(Phase.TRAINING);
    assertThat(world.jobs).noneMatch(job -> job.stage() == Stage.ESTIMATE);
  }

  @Test
  void anAlgorithmThatNeedsNoTableGoesWithoutAnEstimate() {
    world.spec = World.spec("{\"algorithm\": {\"type\": \"GRPO\"}}");
    world.runTo(Stage.ESTIMATE);
    Condition estimated = world.condition(ConditionType.VALUE_ESTIMATED);
    assertThat(estimated.reason()).isEqualTo("NotNeeded");
    assertThat(estimated.message()).isEqualTo("GRPO needs no V* table: no estimate is made");
    assertThat(world.condition(ConditionType.PREPARED).message()).contains("no V* table is needed");
    assertThat(world.status.phase()).isEqualTo(Phase.TRAINING);
    assertThat(world.jobs).noneMatch(job -> job.stage() == Stage.ESTIMATE);
  }

  @Test
  void aTableThatIsGivenIsNotSampled() {
    world.spec = World.spec("{\"estimate\": {\"table\": {\"uri\": \"s3://b/t.parquet\"}}}");
    world.tableReused = true;
    world.runTo(Stage.ESTIMATE);
    Condition estimated = world.condition(ConditionType.VALUE_ESTIMATED);
    assertThat(estimated.reason()).isEqualTo("TableGiven");
    assertThat(estimated.message())
        .isEqualTo("The V* table key is that of spec.estimate.table: no response is sampled");
    assertThat(world.status.phase()).isEqualTo(Phase.TRAINING);
    assertThat(world.jobs).noneMatch(job -> job.stage() == Stage.ESTIMATE);
  }

  @Test
  void progressOfTrainingReachesTheStatus() {
    world.runTo(Stage.TRAIN);
    world.pods(
        Stage.TRAIN,
        world.running(
            Stage.TRAIN, 0, new PodProgress(77, 300, 15L, Map.of("reward", 0.5, "accuracy", 0.8))));
    world.step();
    assertThat(world.status.progress()).isEqualTo("77/300 steps (25%), 15s left");
    assertThat(world.status.results().train().reward()).isEqualTo(0.5);
    assertThat(world.status.results().train().accuracy()).isEqualTo(0.8);
  }

  @Test
  void aWorkerThatWaitsForStorageSaysSoInTheStatus() {
    String sentence = "Waiting for storage since 2026-01-01T00:00:00Z: http://s3 does not answer.";
    world.runTo(Stage.TRAIN);
    world.pods(
        Stage.TRAIN,
        world.running(Stage.TRAIN, 0, new PodProgress(77, 300, 15L, Map.of(), sentence)));
    world.step();
    Condition waits = world.condition(ConditionType.TRAINED);
    assertThat(waits.reason()).isEqualTo("WorkerWaiting");
    assertThat(waits.message()).endsWith(" stands still: " + sentence);
    assertThat(world.status.progress()).isEqualTo("77/300 steps (25%), 15s left");

    world.pods(Stage.TRAIN, world.running(Stage.TRAIN, 0, new PodProgress(78, 300, 15L, Map.of())));
    world.step();
    assertThat(world.condition(ConditionType.TRAINED).reason()).isEqualTo("Running");
  }

  @Test
  void aWorkerThatWaitsBeforeItsStageBeginsTakesNoProgressBack() {
    world.runTo(Stage.TRAIN);
    world.pods(Stage.TRAIN, world.running(Stage.TRAIN, 0, new PodProgress(77, 300, 15L, Map.of())));
    world.step();
    world.pods(
        Stage.TRAIN,
        world.running(Stage.TRAIN, 0, new PodProgress(0, 0, null, Map.of(), "Waits.")));
    world.step();
    assertThat(world.condition(ConditionType.TRAINED).reason()).isEqualTo("WorkerWaiting");
    assertThat(world.status.results().train().steps()).isEqualTo(77);
    assertThat(world.status.train().progress().done()).isEqualTo(77);
  }

  @ParameterizedTest
  @CsvSource({"64", "65", "66", "77", "78"})
  void badInputFailsAtOnceWithTheWorkersSentence(int exitCode) {
    world.step();
    world.failed(
        Stage.PREPARE,
        world.pod(
            Stage.PREPARE,
            0,
            PodState.Life.FAILED,
            exitCode,
            false,
            null,
            LastWord.failure("The column is not there."),
            null,
            null));
    world.step();
    assertThat(world.status.phase()).isEqualTo(Phase.FAILED);
    assertThat(world.condition(ConditionType.FAILED).reason()).isEqualTo("BadInput");
    assertThat(world.condition(ConditionType.FAILED).message())
        .isEqualTo("prepare: The column is not there.");
  }

  @ParameterizedTest
  @CsvSource({"1,Crashed", "137,Crashed", "70,Crashed", "74,BadArtifact", "75,Unavailable"})
  void aCrashCostsARetryAndWaitsLongerEachTime(int exitCode, String reason) {
    world.runTo(Stage.TRAIN);
    for (int failure = 1; failure <= 2; failure++) {
      world.failed(Stage.TRAIN, world.ended(Stage.TRAIN, exitCode));
      Decision decision = world.step();
      assertThat(decision.actions()).isEmpty();
      assertThat(decision.lookAgainAfter()).isEqualTo(Duration.ofSeconds(failure == 1 ? 10 : 20));
      assertThat(world.condition(ConditionType.TRAINED).reason()).isEqualTo(reason);
      assertThat(world.status.train().failures()).isEqualTo(failure);
      assertThat(world.step().actions()).as("not before its time").isEmpty();
      world.pass(decision.lookAgainAfter());
      assertThat(world.step().actions())
          .contains(new Action.CreateJob(Stage.TRAIN, failure + 1, 0));
    }
    world.failed(Stage.TRAIN, world.ended(Stage.TRAIN, exitCode));
    world.step();
    assertThat(world.status.phase()).isEqualTo(Phase.FAILED);
    assertThat(world.condition(ConditionType.FAILED).reason()).isEqualTo("RetriesExhausted");
  }

  @Test
  void aContainerKilledForItsMemoryIsNamed() {
    world.runTo(Stage.TRAIN);
    world.failed(
        Stage.TRAIN,
        world.pod(Stage.TRAIN, 0, PodState.Life.FAILED, 137, true, null, null, null, null));
    world.step();
    assertThat(world.condition(ConditionType.TRAINED).reason()).isEqualTo("OutOfMemory");
    assertThat(world.condition(ConditionType.TRAINED).message())
        .contains("raise the memory limit in spec.train.pod.resources");
  }

  @Test
  void aPodThatUsesMoreDiskThanItMayCostsARetryAndIsTold() {
    world.runTo(Stage.TRAIN);
    // The worker may well have left in time.
    world.failed(Stage.TRAIN, world.overItsDisk(Stage.TRAIN, 143));
    world.step();
    assertThat(world.condition(ConditionType.TRAINED).reason()).isEqualTo("OutOfDisk");
    assertThat(world.condition(ConditionType.TRAINED).message())
        .contains("Usage of EmptyDir volume \"x\" exceeds the limit")
        .contains("raise that limit in spec.train.pod");
    assertThat(world.status.train().failures()).isEqualTo(1);
  }

  @Test
  void aShardAtALimitEndsTheAttemptSinceItsJobCannotHaveAnother() {
    world.runTo(Stage.ESTIMATE);
    world.pods(
        Stage.ESTIMATE,
        world.running(Stage.ESTIMATE, 0, null),
        world.overItsDisk(Stage.ESTIMATE, 143));
    world.step();
    assertThat(world.condition(ConditionType.VALUE_ESTIMATED).reason()).isEqualTo("OutOfDisk");
    assertThat(world.status.estimate().failures()).isEqualTo(1);
    world.pods(Stage.ESTIMATE, world.running(Stage.ESTIMATE, 0, null));
    assertThat(world.step().actions())
        .containsExactly(new Action.DeleteJob("run-estimate-1", "run-estimate-1-uid"));
    assertThat(world.condition(ConditionType.VALUE_ESTIMATED).reason())
        .as("the cause stays until the next attempt is due")
        .isEqualTo("OutOfDisk");
    world.pass(Duration.ofSeconds(10));
    assertThat(world.step().actions()).contains(new Action.CreateJob(Stage.ESTIMATE, 2, 1));
  }

  @Test
  void preemptionCostsNoRetryHoweverOften() {
    world.runTo(Stage.TRAIN);
    for (int i = 0; i < 20; i++) {
      world.failed(
          Stage.TRAIN,
          world.pod(
              Stage.TRAIN,
              0,
              PodState.Life.FAILED,
              137,
              false,
              "PreemptionByScheduler, x",
              null,
              null,
              null));
      world.step();
      assertThat(world.status.train().failures()).isZero();
      world.pass(Duration.ofMinutes(2));
      world.step();
    }
    assertThat(world.status.phase()).isEqualTo(Phase.TRAINING);
    assertThat(world.status.train().attempt()).isEqualTo(21);
    assertThat(world.status.train().disruptions()).isEqualTo(20);
  }

  @Test
  void theFailureRuleTellsTheCauseWhenThePodsAreGone() {
    world.runTo(Stage.TRAIN);
    world.replace(
        World.copy(
            world.current(Stage.TRAIN),
            false,
            false,
            new JobState.JobFailure("PodFailurePolicy", "matching FailJob rule at index 1", 1),
            List.of()));
    world.step();
    assertThat(world.condition(ConditionType.TRAINED).reason()).isEqualTo("Disrupted");
    assertThat(world.status.train().failures()).isZero();
  }

  @Test
  void aPodThatEndsWellWithoutAResultBreaksTheContract() {
    world.runTo(Stage.TRAIN);
    world.pods(
        Stage.TRAIN,
        world.pod(Stage.TRAIN, 0, PodState.Life.SUCCEEDED, 0, false, null, null, null, null));
    world.step();
    assertThat(world.status.phase()).isEqualTo(Phase.TRAINING);
    assertThat(world.condition(ConditionType.TRAINED).reason()).isEqualTo("ResultMissing");
  }

  @Test
  void aDeletedJobIsReplacedByANewAttempt() {
    world.runTo(Stage.TRAIN);
    world.jobs.removeIf(job -> job.stage() == Stage.TRAIN);
    world.step();
    assertThat(world.condition(ConditionType.TRAINED).reason()).isEqualTo("JobLost");
    world.pass(Duration.ofSeconds(1));
    assertThat(world.step().actions()).containsExactly(new Action.CreateJob(Stage.TRAIN, 2, 0));
  }

  @Test
  void aJobWhoseStatusWriteWasLostIsTakenUp() {
    world.jobs.add(world.job(Stage.PREPARE, 1));
    assertThat(world.step().actions()).isEmpty();
    assertThat(world.status.prepare().attempt()).isEqualTo(1);
  }

  @Test
  void aNewAttemptWaitsUntilNoPodOfTheOldOneIsLeft() {
    world.runTo(Stage.TRAIN);
    PodState dying = world.running(Stage.TRAIN, 0, null);
    world.failed(Stage.TRAIN, world.ended(Stage.TRAIN, 1), dying);
    world.step();
    world.pass(Duration.ofSeconds(30));
    Decision decision = world.step();
    assertThat(decision.actions()).noneMatch(Action.CreateJob.class::isInstance);
    assertThat(world.condition(ConditionType.TRAINED).reason()).isEqualTo("WaitingForOldPods");
  }

  @ParameterizedTest
  @EnumSource(Stage.class)
  void suspensionStopsTheStageAndResumptionStartsANewAttempt(Stage stage) {
    world.runTo(stage);
    world.pods(stage, world.running(stage, 0, null));
    world.spec = World.spec("{\"suspend\": true}");
    Decision decision = world.step();
    assertThat(decision.actions())
        .containsExactly(
            new Action.DeleteJob("run-" + stage.word() + "-1", "run-" + stage.word() + "-1-uid"));
    assertThat(world.status.phase()).isEqualTo(Phase.SUSPENDED);
    assertThat(world.condition(ConditionType.SUSPENDED).reason()).isEqualTo("Suspending");
    world.step();
    assertThat(world.condition(ConditionType.SUSPENDED).reason()).isEqualTo("Suspended");
    world.pass(Duration.ofHours(1));
    world.spec = World.spec("{}");
    assertThat(world.step().actions())
        .containsExactly(new Action.CreateJob(stage, 2, stage == Stage.ESTIMATE ? 2 : 0));
    assertThat(world.condition(ConditionType.SUSPENDED).status()).isEqualTo(ConditionStatus.FALSE);
    assertThat(world.status.phase()).isEqualTo(stage.phase());
  }

  @Test
  void aStageThatHasJustFinishedIsNotDoneAgainAfterASuspension() {
    world.runTo(Stage.TRAIN);
    world.pods(Stage.TRAIN, world.succeeded(Stage.TRAIN, 0));
    world.spec = World.spec("{\"suspend\": true}");
    assertThat(world.step().actions()).isEmpty();
    world.spec = World.spec("{}");
    world.step();
    assertThat(world.status.phase()).isEqualTo(Phase.SUCCEEDED);
  }

  @Test
  void theDeadlineCountsActiveTimeOnly() {
    world.spec =
        World.spec(
            "{\"runPolicy\": {\"maxRetries\": 2, \"stalledAfterSeconds\": 600, \"activeDeadlineSeconds\": 100}}");
    world.runTo(Stage.TRAIN);
    world.pass(Duration.ofSeconds(60));
    world.spec =
        World.spec(
            "{\"suspend\": true, \"runPolicy\": {\"maxRetries\": 2, \"stalledAfterSeconds\": 600, \"activeDeadlineSeconds\": 100}}");
    world.step();
    world.pass(Duration.ofDays(1));
    world.spec =
        World.spec(
            "{\"runPolicy\": {\"maxRetries\": 2, \"stalledAfterSeconds\": 600, \"activeDeadlineSeconds\": 100}}");
    assertThat(world.step().lookAgainAfter()).isEqualTo(Duration.ofSeconds(40));
    world.pass(Duration.ofSeconds(40));
    Decision decision = world.step();
    assertThat(world.status.phase()).isEqualTo(Phase.FAILED);
    assertThat(world.condition(ConditionType.FAILED).reason()).isEqualTo("DeadlineExceeded");
    assertThat(decision.actions()).as("the end is stored before the Job goes").isEmpty();
    assertThat(decision.lookAgainAfter()).isEqualTo(Duration.ZERO);
    assertThat(world.step().actions())
        .containsExactly(new Action.DeleteJob("run-train-2", "run-train-2-uid"));
  }

  @Test
  void noProgressForAWhileIsStalledUntilItGetsOn() {
    world.runTo(Stage.TRAIN);
    world.pods(Stage.TRAIN, world.running(Stage.TRAIN, 0, new PodProgress(3, 10, null, Map.of())));
    assertThat(world.step().lookAgainAfter()).isEqualTo(Duration.ofSeconds(600));
    world.pass(Duration.ofSeconds(600));
    world.step();
    assertThat(world.condition(ConditionType.STALLED).status()).isEqualTo(ConditionStatus.TRUE);
    assertThat(world.status.phase()).isEqualTo(Phase.TRAINING);
    world.pods(Stage.TRAIN, world.running(Stage.TRAIN, 0, new PodProgress(4, 10, null, Map.of())));
    world.step();
    assertThat(world.condition(ConditionType.STALLED).status()).isEqualTo(ConditionStatus.FALSE);
  }

  @Test
  void aQueuedRunIsQueuedAndTakesNoTime() {
    world.spec = World.spec("{\"queueName\": \"research\"}");
    world.step();
    assertThat(world.status.phase()).isEqualTo(Phase.QUEUED);
    assertThat(world.status.activeSince()).isNull();
    world.pass(Duration.ofHours(2));
    world.replace(World.copy(world.current(Stage.PREPARE), false, false, null, List.of()));
    world.step();
    assertThat(world.status.phase()).isEqualTo(Phase.PREPARING);
    assertThat(world.condition(ConditionType.STALLED)).isNull();
    world.replace(World.copy(world.current(Stage.PREPARE), true, false, null, List.of()));
    world.step();
    assertThat(world.status.phase()).as("evicted by its queue").isEqualTo(Phase.QUEUED);
    assertThat(world.status.prepare().attempt()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = Reason.class,
      names = {"POD_UNSCHEDULABLE", "IMAGE_UNAVAILABLE", "POD_MISCONFIGURED"})
  void whatKeepsAPodFromStartingIsInTheCondition(Reason reason) {
    world.step();
    world.pods(
        Stage.PREPARE, world.pending(Stage.PREPARE, new PodState.Trouble(reason, "because")));
    world.step();
    assertThat(world.condition(ConditionType.PREPARED).reason()).isEqualTo(reason.word());
    assertThat(world.condition(ConditionType.PREPARED).message()).isEqualTo("because");
  }

  @Test
  void changedPodSettingsReplaceAJobThatHasNotStartedAndLeaveOneThatRuns() {
    world.step();
    world.settings.put(Stage.PREPARE, "other");
    world.pods(
        Stage.PREPARE,
        world.pending(Stage.PREPARE, new PodState.Trouble(Reason.IMAGE_UNAVAILABLE, "no image")));
    assertThat(world.step().actions()).hasSize(1).first().isInstanceOf(Action.DeleteJob.class);
    world.pass(Duration.ofSeconds(2));
    assertThat(world.step().actions()).containsExactly(new Action.CreateJob(Stage.PREPARE, 2, 0));
    world.pods(Stage.PREPARE, world.running(Stage.PREPARE, 0, null));
    world.settings.put(Stage.PREPARE, "yet another");
    assertThat(world.step().actions()).isEmpty();
  }

  @Test
  void aRefusedJobIsTriedAgainWithoutAStorm() {
    Decision decision =
        Decider.decide(
            world.observe().refused(new PodState.Trouble(Reason.JOB_REFUSED, "quota exceeded")));
    assertThat(decision.actions()).isEmpty();
    assertThat(decision.lookAgainAfter()).isEqualTo(Duration.ofSeconds(30));
    assertThat(decision.status().prepare()).isNull();
    assertThat(decision.status().conditions().get(0).message()).isEqualTo("quota exceeded");
  }

  @Test
  void aJobWithoutPodsIsAskedAboutEverMoreRarely() {
    world.step();
    assertThat(world.step().lookAgainAfter()).isEqualTo(Duration.ofSeconds(4));
    world.pass(Duration.ofSeconds(60));
    assertThat(world.step().lookAgainAfter()).isEqualTo(Duration.ofSeconds(60));
  }

  @Test
  void shardsFailInsideOneJobAndCountTogether() {
    world.runTo(Stage.ESTIMATE);
    JobState job = world.current(Stage.ESTIMATE);
    world.replace(
        new JobState(
            job.name(),
            job.uid(),
            job.stage(),
            1,
            false,
            false,
            false,
            new JobState.JobFailure("BackoffLimitExceeded", "too many", null),
            3,
            "e",
            null,
            List.of(world.ended(Stage.ESTIMATE, 1))));
    world.step();
    assertThat(world.status.phase()).isEqualTo(Phase.FAILED);
    assertThat(world.status.estimate().failures()).isEqualTo(3);
  }

  @Test
  void onlyTheLastFailedAttemptIsKeptForItsLogs() {
    world.runTo(Stage.TRAIN);
    for (int i = 0; i < 2; i++) {
      world.failed(Stage.TRAIN, world.ended(Stage.TRAIN, 1));
      world.step();
      world.pass(Duration.ofMinutes(10));
      world.step();
    }
    world.step();
    assertThat(world.observe().jobs(Stage.TRAIN).stream().map(JobState::attempt))
        .containsExactly(3, 2);
  }

  @Test
  void anEndlessMessageIsCutWithAMark() {
    world.step();
    world.failed(
        Stage.PREPARE,
        world.pod(
            Stage.PREPARE,
            0,
            PodState.Life.FAILED,
            65,
            false,
            null,
            LastWord.failure("x".repeat(1_000_000)),
            null,
            null));
    world.step();
    assertThat(world.condition(ConditionType.FAILED).message()).hasSize(2048).endsWith("(cut)");
  }
}
