package dev.apo.operator.decide;

import dev.apo.api.v1alpha1.APOTrainingStatus;
import java.time.Duration;
import java.util.List;

/**
 * What to do.
 *
 * @param status to store, before which the actions are carried out
 * @param lookAgainAfter when time alone will change the decision; null if it will not
 */
public record Decision(APOTrainingStatus status, List<Action> actions, Duration lookAgainAfter) {
  public Decision {
    actions = List.copyOf(actions);
  }
}
