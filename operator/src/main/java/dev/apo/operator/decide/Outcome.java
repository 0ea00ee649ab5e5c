package dev.apo.operator.decide;

import dev.apo.operator.Stage;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** How an attempt stands, read from its Job and pods. */
sealed interface Outcome {
  /** Not over. */
  record Unfinished() implements Outcome {}

  /** Complete. {@code words} are the last words of its pods, those that are known. */
  record Success(List<LastWord> words) implements Outcome {}

  /** Over without success. */
  record Failure(Cause cause, String message) implements Outcome {}

  /** Why an attempt failed, and what another one costs. */
  enum Cause {
    BAD_INPUT(Reason.BAD_INPUT, Price.NO_RETRY),
    CRASHED(Reason.CRASHED, Price.ONE_RETRY),
    OUT_OF_MEMORY(Reason.OUT_OF_MEMORY, Price.ONE_RETRY),
    OUT_OF_DISK(Reason.OUT_OF_DISK, Price.ONE_RETRY),
    UNAVAILABLE(Reason.UNAVAILABLE, Price.ONE_RETRY),
    BAD_ARTIFACT(Reason.BAD_ARTIFACT, Price.ONE_RETRY),
    RESULT_MISSING(Reason.RESULT_MISSING, Price.ONE_RETRY),
    DISRUPTED(Reason.DISRUPTED, Price.FREE),
    STOPPED(Reason.STOPPED, Price.FREE),
    JOB_LOST(Reason.JOB_LOST, Price.FREE),
    POD_CHANGED(Reason.POD_CHANGED, Price.FREE);

    private final Reason reason;
    private final Price price;

    Cause(Reason reason, Price price) {
      this.reason = reason;
      this.price = price;
    }

    Reason reason() {
      return reason;
    }

    Price price() {
      return price;
    }
  }

  /** What another attempt costs. */
  enum Price {
    /** It cannot help. */
    NO_RETRY,
    /** One of runPolicy.maxRetries. */
    ONE_RETRY,
    /** Nothing: the run is not to blame. */
    FREE
  }

  /** Reads how an attempt stands. A pod's end counts as soon as it is seen, before its Job's. */
  static Outcome of(JobState job, int shards) {
    List<PodState> succeeded =
        job.pods().stream().filter(pod -> pod.life() == PodState.Life.SUCCEEDED).toList();
    Set<Integer> indices = new HashSet<>();
    succeeded.forEach(pod -> indices.add(pod.index()));
    if (job.complete() || indices.size() >= shards) {
      return success(job, succeeded);
    }
    List<PodState> failed =
        job.pods().stream().filter(pod -> pod.life() == PodState.Life.FAILED).toList();
    // The Job would start the shard again with the same limits; only another Job can have others.
    boolean inVain =
        job.stage() == Stage.ESTIMATE && failed.stream().anyMatch(PodState::isOverALimit);
    if (job.failure() == null && !inVain) {
      return new Unfinished();
    }
    return failed.stream()
        .map(Outcome::failure)
        .min(Comparator.comparing((Failure failure) -> failure.cause().price()))
        .orElseGet(() -> withoutPods(job));
  }

  private static Outcome success(JobState job, List<PodState> succeeded) {
    List<LastWord> words = succeeded.stream().map(PodState::word).filter(Objects::nonNull).toList();
    if (words.stream().anyMatch(word -> isResult(job.stage(), word))) {
      return new Success(words);
    }
    if (job.stage() == Stage.ESTIMATE && succeeded.isEmpty()) {
      // The table is complete, and only its figures went with the pods.
      return new Success(words);
    }
    Optional<PodState> pod = succeeded.stream().findFirst();
    return pod.isEmpty()
        ? new Failure(
            Cause.JOB_LOST,
            "Job "
                + job.name()
                + " is complete, but its pod is gone, and the result of the stage with it")
        : new Failure(
            Cause.RESULT_MISSING,
            "Pod "
                + pod.get().name()
                + " ended with exit code 0 but left no result in its termination message, which the"
                + " worker contract asks for");
  }

  private static boolean isResult(Stage stage, LastWord word) {
    return switch (stage) {
      case PREPARE -> word.prepare() != null;
      case ESTIMATE -> word.estimate() != null;
      case TRAIN -> word.train() != null;
    };
  }

  private static Failure failure(PodState pod) {
    String said = pod.word() == null ? null : pod.word().message();
    int code = pod.exitCode() == null ? -1 : pod.exitCode();
    if (FailureRule.BAD_INPUT.exitCodes().contains(code)) {
      return new Failure(
          Cause.BAD_INPUT,
          said != null ? said : "Pod %s ended with exit code %d".formatted(pod.name(), code));
    }
    if (pod.disruption() != null) {
      return new Failure(
          Cause.DISRUPTED, "Pod %s was taken away: %s".formatted(pod.name(), pod.disruption()));
    }
    String settings =
        "spec.%s.pod".formatted(pod.stage() == Stage.PREPARE ? "estimate" : pod.stage().word());
    if (pod.outOfDisk() != null) {
      return new Failure(
          Cause.OUT_OF_DISK,
          "Pod %s was evicted for its disk (%s); raise that limit in %s, in resources (ephemeral-storage) or volumes (sizeLimit)"
              .formatted(pod.name(), pod.outOfDisk(), settings));
    }
    if (FailureRule.STOPPED.exitCodes().contains(code)) {
      return new Failure(
          Cause.STOPPED, "Pod %s was stopped after it had saved its work".formatted(pod.name()));
    }
    if (pod.outOfMemory()) {
      return new Failure(
          Cause.OUT_OF_MEMORY,
          "Pod %s was killed for its memory; raise the memory limit in %s.resources"
              .formatted(pod.name(), settings));
    }
    Cause cause =
        switch (code) {
          case FailureRule.UNAVAILABLE -> Cause.UNAVAILABLE;
          case FailureRule.BAD_ARTIFACT -> Cause.BAD_ARTIFACT;
          default -> Cause.CRASHED;
        };
    return new Failure(
        cause,
        said != null
            ? said
            : code < 0
                ? "Pod %s failed before its container ended".formatted(pod.name())
                : "Pod %s ended with exit code %d".formatted(pod.name(), code));
  }

  /** The pods are gone; what Kubernetes wrote down about them is left. */
  private static Failure withoutPods(JobState job) {
    Integer rule = job.failure().rule();
    Cause cause =
        rule == null || rule >= FailureRule.values().length
            ? Cause.CRASHED
            : FailureRule.values()[rule].cause();
    return new Failure(cause, "Job %s failed: %s".formatted(job.name(), job.failure().message()));
  }
}
