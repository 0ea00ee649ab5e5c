package dev.apo.operator.decide;

import java.util.List;

/**
 * How a pod's end is told apart by Kubernetes itself. A Job's pod failure policy has these rules in
 * this order, so that the index of the rule that it reports says the cause even when the pods are
 * gone.
 */
public enum FailureRule {
  /** Exit codes that no retry can help with (docs/worker-contract.md). */
  BAD_INPUT(List.of(64, 65, 66, 77, 78), Outcome.Cause.BAD_INPUT),
  /** Evicted, preempted, or the node was lost. */
  DISRUPTED(List.of(), Outcome.Cause.DISRUPTED),
  /** Stopped by SIGTERM after it had saved its work. */
  STOPPED(List.of(143), Outcome.Cause.STOPPED);

  /** Exit code: storage or another service does not answer. */
  static final int UNAVAILABLE = 75;

  /** Exit code: an artifact of an earlier stage is damaged. */
  static final int BAD_ARTIFACT = 74;

  private final List<Integer> exitCodes;
  private final Outcome.Cause cause;

  FailureRule(List<Integer> exitCodes, Outcome.Cause cause) {
    this.exitCodes = exitCodes;
    this.cause = cause;
  }

  /** The exit codes that it is about; none if it is about something else. */
  public List<Integer> exitCodes() {
    return exitCodes;
  }

  Outcome.Cause cause() {
    return cause;
  }

  /** Whether the run as a whole ends with it, whatever the stage. */
  public boolean isFinal() {
    return this == BAD_INPUT;
  }
}
