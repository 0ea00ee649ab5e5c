package dev.apo.worker.train;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.engine.AdamW;
import dev.apo.worker.engine.Replicas;

/** An AdamW step of a model, once the gradient of a mini-batch is there. */
record OptimizerStep(Replicas model, AdamW adamW, String name, String rateField) {

  /** Of the policy. */
  static OptimizerStep ofPolicy(Replicas policy, AdamW adamW) {
    return new OptimizerStep(policy, adamW, "optimizer step", "spec.train.learningRate");
  }

  /** Of the critic. */
  static OptimizerStep ofCritic(Replicas critic, AdamW adamW) {
    return new OptimizerStep(
        critic, adamW, "the critic's optimizer step", "spec.algorithm.ppo.criticLearningRate");
  }

  /**
   * @param step its number, from 1
   * @return the gradient's norm before clipping
   * @throws ApoException BAD_DATA if that is no number
   */
  double take(int step, double learningRate) {
    double gradNorm = model.optimize(step, adamW, learningRate);
    if (!Double.isFinite(gradNorm)) {
      throw new ApoException(
          ExitCode.BAD_DATA,
          "The gradient of "
              + name
              + " "
              + step
              + " is "
              + gradNorm
              + "; lower "
              + rateField
              + " or set spec.train.precision to FP32, and start anew with --fresh or under another name.");
    }
    return gradNorm;
  }
}
