package dev.apo.operator.decide;

import dev.apo.operator.Stage;
import java.util.List;

/**
 * What matters of a Job of this run, and of its pods.
 *
 * @param suspended whether its queue holds it back
 * @param complete whether Kubernetes says that it is complete
 * @param failure why Kubernetes gave it up; null if it did not
 * @param failedPods pods that failed and count against its budget
 * @param podSettings digest of the settings of the stage's pods when it was created
 * @param trouble why it has no pods; null if that is not known
 * @param pods its pods, in no order
 */
public record JobState(
    String name,
    String uid,
    Stage stage,
    int attempt,
    boolean deleting,
    boolean suspended,
    boolean complete,
    JobFailure failure,
    int failedPods,
    String podSettings,
    PodState.Trouble trouble,
    List<PodState> pods) {

  public JobState {
    pods = List.copyOf(pods);
  }

  /**
   * Why Kubernetes gave a Job up.
   *
   * @param rule index of the failure rule that decided it; null if none did
   */
  public record JobFailure(String reason, String message, Integer rule) {}

  /** Whether it may still create pods, or has live ones. */
  public boolean isLive() {
    return !isOver() || pods.stream().anyMatch(PodState::isLive);
  }

  /** Whether Kubernetes is done with it. */
  public boolean isOver() {
    return complete || failure != null;
  }
}
