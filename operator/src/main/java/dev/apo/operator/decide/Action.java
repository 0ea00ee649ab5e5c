package dev.apo.operator.decide;

import dev.apo.operator.Stage;

/** Something to do in the cluster. Each may be repeated without harm. */
public sealed interface Action {
  /**
   * Creates the Job of an attempt.
   *
   * @param retries how many of its pods may fail before Kubernetes gives it up
   */
  record CreateJob(Stage stage, int attempt, int retries) implements Action {}

  /** Deletes a Job and its pods, which are asked to stop first. */
  record DeleteJob(String name, String uid) implements Action {}
}
