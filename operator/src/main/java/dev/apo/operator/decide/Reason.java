package dev.apo.operator.decide;

/** Every reason that a condition or an Event can have. Programs compare them: never rename one. */
public enum Reason {
  // Why a stage is not complete yet.
  /** An earlier stage comes first. */
  WAITING("Waiting"),
  /** The Job was created. */
  JOB_CREATED("JobCreated"),
  /** Pods run. */
  RUNNING("Running"),
  /** Pods run, and their work stands still for want of storage or another service. */
  WORKER_WAITING("WorkerWaiting"),
  /** The queue has not admitted the Job. */
  QUEUED("Queued"),
  /** No node has what a pod asks for. */
  POD_UNSCHEDULABLE("PodUnschedulable"),
  /** An image cannot be pulled. */
  IMAGE_UNAVAILABLE("ImageUnavailable"),
  /** A Secret, a volume or a setting of a pod is missing or wrong. */
  POD_MISCONFIGURED("PodMisconfigured"),
  /** The API server refuses the pods of a Job: a quota, an admission policy, a service account. */
  PODS_REFUSED("PodsRefused"),
  /** The API server refuses the Job. */
  JOB_REFUSED("JobRefused"),
  /** A Job of this name belongs to somebody else. */
  JOB_NAME_TAKEN("JobNameTaken"),
  /** Pods of an earlier attempt are still ending. */
  WAITING_FOR_OLD_PODS("WaitingForOldPods"),
  /** The attempt is over; the next one starts after a while. */
  RETRYING("Retrying"),

  // Why a stage is complete.
  /** It did its work. */
  COMPLETED("Completed"),
  /** A complete table with the same key was there. */
  TABLE_REUSED("TableReused"),
  /** The manifest gives a table. */
  TABLE_GIVEN("TableGiven"),
  /** The algorithm needs no such stage. */
  NOT_NEEDED("NotNeeded"),

  // Suspension.
  /** Pods are being stopped; training saves a checkpoint first. */
  SUSPENDING("Suspending"),
  /** No pod is left. */
  SUSPENDED("Suspended"),
  /** The run goes on. */
  RESUMED("Resumed"),

  // Progress.
  /** No progress for as long as runPolicy.stalledAfterSeconds. */
  NO_PROGRESS("NoProgress"),
  /** The stage gets on again. */
  PROGRESSING("Progressing"),

  // Why an attempt, or the run, failed.
  /** The manifest or what it names is wrong: no retry helps. */
  BAD_INPUT("BadInput"),
  /** The worker died. */
  CRASHED("Crashed"),
  /** The container was killed for its memory. */
  OUT_OF_MEMORY("OutOfMemory"),
  /** The pod was evicted for using more disk than it may. */
  OUT_OF_DISK("OutOfDisk"),
  /** Storage or another service did not answer. */
  UNAVAILABLE("Unavailable"),
  /** An artifact of an earlier stage is damaged. */
  BAD_ARTIFACT("BadArtifact"),
  /** The worker ended well but said nothing: it breaks the contract. */
  RESULT_MISSING("ResultMissing"),
  /** Evicted, preempted, or the node was lost. */
  DISRUPTED("Disrupted"),
  /** Stopped by SIGTERM from outside. */
  STOPPED("Stopped"),
  /** The Job is gone, and not by the operator. */
  JOB_LOST("JobLost"),
  /** The pod's settings changed before it could start. */
  POD_CHANGED("PodChanged"),
  /** Too many failures. */
  RETRIES_EXHAUSTED("RetriesExhausted"),
  /** runPolicy.activeDeadlineSeconds is over. */
  DEADLINE_EXCEEDED("DeadlineExceeded"),

  // The run as a whole.
  /** The model is there. */
  SUCCEEDED("Succeeded");

  private final String word;

  Reason(String word) {
    this.word = word;
  }

  /** As it stands in conditions and Events. */
  public String word() {
    return word;
  }

  /** Whether a person should look at it: an Event with it is a warning. */
  public boolean isTrouble() {
    return switch (this) {
      case WORKER_WAITING,
          POD_UNSCHEDULABLE,
          IMAGE_UNAVAILABLE,
          POD_MISCONFIGURED,
          PODS_REFUSED,
          JOB_REFUSED,
          JOB_NAME_TAKEN,
          NO_PROGRESS,
          BAD_INPUT,
          CRASHED,
          OUT_OF_MEMORY,
          OUT_OF_DISK,
          UNAVAILABLE,
          BAD_ARTIFACT,
          RESULT_MISSING,
          DISRUPTED,
          STOPPED,
          JOB_LOST,
          RETRIES_EXHAUSTED,
          DEADLINE_EXCEEDED ->
          true;
      default -> false;
    };
  }
}
