package dev.apo.worker.generate;

import dev.apo.worker.data.RandomStream;

/** A kind of problem that can be made in any number. */
public interface Task {
  /**
   * A problem.
   *
   * @param prompt what the model is asked, or goes on with
   * @param answer what the task's reward reads
   */
  record Problem(String prompt, String answer) {}

  /** The problem that a stream of random numbers gives: the same for the same stream. */
  Problem problem(RandomStream random);
}
