package dev.apo.worker.train;

import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Replicas;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a run trains.
 *
 * @param policy with its frozen reference, if the loss asks for one
 * @param critic null if the loss has none
 */
record Models(Replicas policy, Replicas critic) implements AutoCloseable {

  /** Those whose state belongs into a checkpoint, by what their files' names begin with. */
  Map<String, Decoder> checkpointed() {
    var all = new LinkedHashMap<String, Decoder>();
    all.put("", policy.first());
    if (critic != null) {
      all.put("critic-", critic.first());
    }
    return all;
  }

  /** Brings all copies of the weights up to date. */
  void weightsChanged() {
    policy.weightsChanged();
    if (critic != null) {
      critic.weightsChanged();
    }
  }

  @Override
  public void close() {
    if (critic != null) {
      critic.close();
    }
    policy.close();
  }
}
