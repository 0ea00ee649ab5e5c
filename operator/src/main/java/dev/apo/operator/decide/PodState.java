package dev.apo.operator.decide;

import dev.apo.operator.Stage;
import java.time.Instant;

/**
 * What matters of a pod.
 *
 * @param index the shard that it works on, from 0
 * @param image that its container runs
 * @param address where it serves its progress; null before it has one
 * @param exitCode of its container; null while that has not ended
 * @param outOfMemory whether the kernel killed the container for its memory
 * @param outOfDisk which limit on disk the pod exceeded, as the kubelet says it; null if none
 * @param disruption why the cluster takes or took the pod away; null if it does not
 * @param word the worker's last word; null if there is none
 * @param trouble what keeps it from starting; null if nothing does
 * @param progress how far it says it is; null if it has not been asked or did not answer
 * @param started when its container started; null before
 * @param finished when its container ended; null before
 */
public record PodState(
    String name,
    Stage stage,
    int attempt,
    int index,
    Life life,
    String address,
    Integer exitCode,
    boolean outOfMemory,
    String outOfDisk,
    String disruption,
    LastWord word,
    Trouble trouble,
    PodProgress progress,
    Instant started,
    Instant finished) {

  /** Where a pod is in its life. */
  public enum Life {
    /** Not started. */
    PENDING,
    /** Its container runs. */
    RUNNING,
    /** Its container ended with exit code 0. */
    SUCCEEDED,
    /** It ended in another way. */
    FAILED
  }

  /** Something that keeps pods from starting, with a sentence for people. */
  public record Trouble(Reason reason, String message) {}

  /** Whether it ended at a limit that its own settings set. */
  public boolean isOverALimit() {
    return outOfMemory || outOfDisk != null;
  }

  /** Whether it may still do something. */
  public boolean isLive() {
    return life == Life.PENDING || life == Life.RUNNING;
  }
}
