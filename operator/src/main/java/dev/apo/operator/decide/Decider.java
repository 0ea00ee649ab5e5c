package dev.apo.operator.decide;

import dev.apo.api.v1alpha1.ConditionType;
import dev.apo.api.v1alpha1.Phase;
import dev.apo.api.v1alpha1.RunPolicySpec;
import dev.apo.operator.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The heart of the operator: from what is observed, what to store and what to do. A pure function:
 * it has no client and no clock, and the same observation gives the same decision.
 */
public final class Decider {
  /** How long to wait before the API server is asked again for what it refused. */
  private static final Duration AFTER_REFUSAL = Duration.ofSeconds(30);

  /** How long to wait at least for a Job's pods before somebody asks what keeps them. */
  private static final Duration FOR_PODS = Duration.ofSeconds(4);

  private final Observation seen;
  private final Draft draft;
  private final List<Action> actions = new ArrayList<>();
  private Duration lookAgain;

  private Decider(Observation seen) {
    this.seen = seen;
    this.draft = new Draft(seen);
  }

  /** Decides. */
  public static Decision decide(Observation seen) {
    Decider decider = new Decider(seen);
    decider.run();
    return new Decision(decider.draft.build(), decider.actions, decider.nextLook());
  }

  /** A run that has just ended is looked at again at once: its end is stored before its Jobs go. */
  private Duration nextLook() {
    boolean cleaningUp =
        draft.isTerminal() && actions.isEmpty() && seen.jobs().stream().anyMatch(this::mustStop);
    return cleaningUp ? Duration.ZERO : draft.isTerminal() ? null : lookAgain;
  }

  private void run() {
    if (draft.isTerminal()) {
      stopAllJobs();
    } else if (Boolean.TRUE.equals(seen.spec().suspend())) {
      suspend();
    } else {
      proceed();
    }
  }

  /** Deletes what still runs; what is over stays, for its logs. */
  private void stopAllJobs() {
    seen.jobs().stream().filter(this::mustStop).forEach(this::delete);
  }

  /**
   * Whether it is under way, and nobody stops it yet. A Job whose pods have done their work is not.
   */
  private boolean mustStop(JobState job) {
    return job.isLive()
        && !job.deleting()
        && !(Outcome.of(job, seen.shards(job.stage())) instanceof Outcome.Success);
  }

  private void delete(JobState job) {
    if (!job.deleting()) {
      actions.add(new Action.DeleteJob(job.name(), job.uid()));
    }
  }

  // --- suspended --------------------------------------------------------------------------------

  private void suspend() {
    boolean stopping = false;
    for (Stage stage : Stage.values()) {
      StageDraft state = draft.stage(stage);
      for (JobState job : seen.jobs(stage)) {
        adopt(job, state);
        boolean finished = Outcome.of(job, seen.shards(stage)) instanceof Outcome.Success;
        if (job.isLive() && !finished) {
          delete(job);
          stopping = true;
        }
        if (job.attempt() == state.attempt() && !finished && !state.isBetweenAttempts()) {
          state.over(seen.now());
        }
      }
    }
    draft.suspend(
        stopping ? Reason.SUSPENDING : Reason.SUSPENDED,
        stopping
            ? "Pods are being stopped; training saves a checkpoint first"
            : "No pod runs; set spec.suspend to false to go on");
  }

  // --- active -----------------------------------------------------------------------------------

  private void proceed() {
    if (draft.conditions().isTrue(ConditionType.SUSPENDED)) {
      draft.conditions().doesNotHold(ConditionType.SUSPENDED, Reason.RESUMED, "The run goes on");
    }
    for (Stage stage : Stage.values()) {
      if (draft.isComplete(stage)) {
        continue;
      }
      if (stage == Stage.ESTIMATE && goesWithoutEstimate()) {
        continue;
      }
      if (!advance(stage)) {
        if (!draft.isTerminal()) {
          watchTheClock(stage);
        }
        return;
      }
    }
    draft.succeed();
  }

  /** Whether no response need be sampled for an estimate; then the condition says why. */
  private boolean goesWithoutEstimate() {
    if (!draft.needsValues()) {
      draft.completeWithout(
          Reason.NOT_NEEDED,
          seen.spec().algorithm().type() + " needs no V* table: no estimate is made");
      return true;
    }
    if (!draft.isTableReused()) {
      return false;
    }
    boolean given = seen.spec().estimate().table() != null;
    draft.completeWithout(
        given ? Reason.TABLE_GIVEN : Reason.TABLE_REUSED,
        "The V* table "
            + draft.vstarKey()
            + (given ? " is that of spec.estimate.table" : " was complete")
            + ": no response is sampled");
    return true;
  }

  /** Gets one stage on; whether it is complete now. */
  private boolean advance(Stage stage) {
    StageDraft state = draft.stage(stage);
    List<JobState> jobs = seen.jobs(stage);
    if (!jobs.isEmpty()) {
      adopt(jobs.get(0), state);
    }
    tidyUp(state, jobs);
    if (state.isBetweenAttempts()) {
      startNext(stage, state, jobs);
      return false;
    }
    JobState job = seen.job(stage, state.attempt()).orElse(null);
    if (job == null || job.deleting()) {
      retry(
          stage,
          state,
          new Outcome.Failure(
              Outcome.Cause.JOB_LOST, "Job " + state.job() + " was deleted, not by the operator"));
      return false;
    }
    Outcome outcome = Outcome.of(job, seen.shards(stage));
    if (outcome instanceof Outcome.Success success) {
      draft.complete(stage, success.words());
      return true;
    }
    if (outcome instanceof Outcome.Failure failure) {
      if (job.failedPods() > 0 && stage == Stage.ESTIMATE) {
        // Shards fail one by one, inside one Job.
        state.failures(state.failures() + job.failedPods() - 1);
      }
      retry(stage, state, failure);
      return false;
    }
    if (hasNotStarted(job) && !job.podSettings().equals(seen.podSettings().get(stage))) {
      delete(job);
      retry(
          stage,
          state,
          new Outcome.Failure(
              Outcome.Cause.POD_CHANGED, "The settings of the stage's pods have changed"));
      return false;
    }
    follow(stage, state, job);
    return false;
  }

  /** A Job that is there although no status tells of it: a status write was lost. */
  private void adopt(JobState job, StageDraft state) {
    if (job.attempt() > state.attempt()) {
      state.started(job.attempt(), job.name(), seen.now());
    }
  }

  /** Of earlier attempts, the last one stays for its logs, if it is over. */
  private void tidyUp(StageDraft state, List<JobState> jobs) {
    for (JobState job : jobs) {
      boolean old = job.attempt() < state.attempt();
      boolean past = state.isBetweenAttempts() && job.attempt() == state.attempt();
      if ((old || past) && job.isLive() || job.attempt() < state.attempt() - 1) {
        delete(job);
      }
    }
  }

  private static boolean hasNotStarted(JobState job) {
    return job.suspended() || job.pods().stream().allMatch(pod -> pod.started() == null);
  }

  private void startNext(Stage stage, StageDraft state, List<JobState> jobs) {
    draft.active(stage.phase());
    if (state.retry() != null && state.retry().isAfter(seen.now())) {
      lookAgainAt(state.retry());
      return;
    }
    JobState live = jobs.stream().filter(JobState::isLive).findFirst().orElse(null);
    if (live != null) {
      draft.waiting(
          stage,
          Reason.WAITING_FOR_OLD_PODS,
          "The pods of Job " + live.name() + " are still ending; then the next attempt starts");
      return;
    }
    if (seen.refusal() != null) {
      draft.waiting(stage, seen.refusal().reason(), seen.refusal().message());
      lookAgainAfter(AFTER_REFUSAL);
      return;
    }
    int attempt = state.attempt() + 1;
    int retries =
        stage == Stage.ESTIMATE
            ? Math.max(0, seen.spec().runPolicy().maxRetries() - state.failures())
            : 0;
    actions.add(new Action.CreateJob(stage, attempt, retries));
    String job = JobNames.of(seen.name(), stage, attempt);
    state.started(attempt, job, seen.now());
    draft.noProgressYet();
    if (seen.isQueueing()) {
      queued(stage, job);
    } else {
      draft.waiting(stage, Reason.JOB_CREATED, "Job " + job + " was created");
    }
  }

  private void queued(Stage stage, String job) {
    draft.inactive(Phase.QUEUED);
    draft.waiting(
        stage,
        Reason.QUEUED,
        "Job " + job + " waits for queue " + seen.spec().queueName() + " to admit it");
  }

  private void retry(Stage stage, StageDraft state, Outcome.Failure failure) {
    draft.active(stage.phase());
    int maxRetries = seen.spec().runPolicy().maxRetries();
    Outcome.Price price = failure.cause().price();
    if (price == Outcome.Price.NO_RETRY) {
      draft.fail(stage, failure.cause().reason(), failure.message());
      return;
    }
    Duration wait;
    if (price == Outcome.Price.ONE_RETRY) {
      state.failures(state.failures() + 1);
      if (state.failures() > maxRetries) {
        draft.fail(
            stage,
            Reason.RETRIES_EXHAUSTED,
            "%s; that was failure %d, and spec.runPolicy.maxRetries is %d"
                .formatted(failure.message(), state.failures(), maxRetries));
        return;
      }
      wait = Backoff.FAILURE.after(state.failures());
    } else {
      state.disrupted();
      wait = Backoff.DISRUPTION.after(state.disruptions());
    }
    Instant next = Times.ceiling(seen.now().plus(wait));
    state.over(next);
    draft.waiting(
        stage,
        failure.cause().reason(),
        "%s; attempt %d starts at %s%s"
            .formatted(
                failure.message(),
                state.attempt() + 1,
                Times.format(next),
                price == Outcome.Price.FREE
                    ? ""
                    : " (failure %d of at most %d)".formatted(state.failures(), maxRetries)));
    lookAgainAt(next);
  }

  /** The attempt is under way. */
  private void follow(Stage stage, StageDraft state, JobState job) {
    if (job.suspended()) {
      queued(stage, job.name());
      return;
    }
    if (draft.wasQueued()) {
      state.gotOn(seen.now());
    }
    draft.active(stage.phase());
    draft.progress(stage, job.pods());
    PodState.Trouble trouble =
        job.pods().stream()
            .filter(PodState::isLive)
            .map(PodState::trouble)
            .filter(t -> t != null)
            .findFirst()
            .orElse(job.trouble());
    List<PodState> running =
        job.pods().stream().filter(pod -> pod.life() == PodState.Life.RUNNING).toList();
    PodState waiting =
        running.stream()
            .filter(pod -> pod.progress() != null && pod.progress().waiting() != null)
            .min(Comparator.comparing(PodState::name))
            .orElse(null);
    if (trouble != null) {
      draft.waiting(stage, trouble.reason(), trouble.message());
    } else if (waiting != null) {
      draft.waiting(
          stage,
          Reason.WORKER_WAITING,
          "Pod " + waiting.name() + " stands still: " + waiting.progress().waiting());
    } else if (!running.isEmpty()) {
      draft.waiting(stage, Reason.RUNNING, "Job " + job.name() + " runs");
    } else if (!Reason.RUNNING.word().equals(draft.conditions().reason(stage.condition()))) {
      draft.waiting(stage, Reason.JOB_CREATED, "Job " + job.name() + " was created");
    }
    if (job.pods().isEmpty()) {
      // If its pods are refused, only Events of the Job tell: soon at first, then ever more rarely.
      Duration waited = Duration.between(state.progressed(), seen.now());
      lookAgainAfter(waited.compareTo(FOR_PODS) < 0 ? FOR_PODS : waited);
    }
  }

  // --- time -------------------------------------------------------------------------------------

  private void watchTheClock(Stage stage) {
    RunPolicySpec policy = seen.spec().runPolicy();
    if (!draft.isActive()) {
      return;
    }
    if (policy.activeDeadlineSeconds() != null) {
      Duration left = Duration.ofSeconds(policy.activeDeadlineSeconds()).minus(draft.activeTime());
      if (left.isNegative() || left.isZero()) {
        draft.fail(
            stage,
            Reason.DEADLINE_EXCEEDED,
            "The run was active for the %d seconds of spec.runPolicy.activeDeadlineSeconds"
                .formatted(policy.activeDeadlineSeconds()));
        actions.clear();
        return;
      }
      lookAgainAfter(left);
    }
    StageDraft state = draft.stage(stage);
    if (state.isBetweenAttempts() || state.progressed() == null) {
      return;
    }
    Duration still = Duration.between(state.progressed(), seen.now());
    Duration patience = Duration.ofSeconds(policy.stalledAfterSeconds());
    if (still.compareTo(patience) >= 0) {
      draft
          .conditions()
          .holds(
              ConditionType.STALLED,
              Reason.NO_PROGRESS,
              "The %s stage has not got on since %s, for longer than spec.runPolicy.stalledAfterSeconds (%d)"
                  .formatted(
                      stage.word(),
                      Times.format(state.progressed()),
                      policy.stalledAfterSeconds()));
    } else {
      if (draft.conditions().isTrue(ConditionType.STALLED)) {
        draft
            .conditions()
            .doesNotHold(
                ConditionType.STALLED,
                Reason.PROGRESSING,
                "The " + stage.word() + " stage gets on again");
      }
      lookAgainAfter(patience.minus(still));
    }
  }

  private void lookAgainAt(Instant time) {
    lookAgainAfter(Duration.between(seen.now(), time));
  }

  private void lookAgainAfter(Duration wait) {
    if (lookAgain == null || wait.compareTo(lookAgain) < 0) {
      lookAgain = wait;
    }
  }
}
