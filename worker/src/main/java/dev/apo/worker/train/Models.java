package dev.apo.worker.train;

import dev.apo.worker.algorithm.Loss;
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

  /**
   * Readies a policy for training. A loss that asks for no reference policy, or no critic, saves
   * the memory of one.
   *
   * @param policy closed if this fails
   * @param seed of its adapters, if it has any
   */
  static Models of(Replicas policy, Loss loss, long seed) {
    var models = new Models(policy, null);
    try {
      if (loss.reads(Loss.Input.REFERENCE_LOG_PROBS)) {
        policy.freezeReference();
      }
      policy.first().startAdapters(seed);
      policy.prepareTraining();
      if (loss.valueLoss().isPresent()) {
        models = new Models(policy, policy.critic());
        models.critic().prepareTraining();
      }
      return models;
    } catch (RuntimeException e) {
      models.close();
      throw e;
    }
  }

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
