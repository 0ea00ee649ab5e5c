package dev.apo.operator.decide;

import dev.apo.api.v1alpha1.Artifacts;
import dev.apo.api.v1alpha1.EstimateResults;
import dev.apo.api.v1alpha1.PrepareResults;
import dev.apo.api.v1alpha1.TrainResults;

/**
 * A worker's termination message (docs/worker-contract.md). Of the results, only its stage's is
 * there.
 *
 * @param message the sentence that a person should read; null after a success
 */
public record LastWord(
    String message,
    PrepareResults prepare,
    EstimateResults estimate,
    TrainResults train,
    Artifacts artifacts) {

  /** The last word of a worker that failed. */
  public static LastWord failure(String message) {
    return new LastWord(message, null, null, null, null);
  }
}
