package dev.apo.operator.act;

import dev.apo.operator.decide.PodState;

/** The API server refuses to create a Job, and will until somebody changes something. */
public final class JobRefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient PodState.Trouble trouble;

  JobRefusedException(PodState.Trouble trouble) {
    super(trouble.message());
    this.trouble = trouble;
  }

  /** What to tell the user. */
  public PodState.Trouble trouble() {
    return trouble;
  }
}
