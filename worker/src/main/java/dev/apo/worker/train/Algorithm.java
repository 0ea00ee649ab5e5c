package dev.apo.worker.train;

import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.AlgorithmSpec;
import dev.apo.worker.algorithm.Loss;

/**
 * The algorithm that a manifest asks for, as the training loop sees it.
 *
 * @param responsesPerPrompt responses to each prompt of a rollout batch
 * @param epochsPerBatch passes over a rollout batch
 * @param criticLearningRate NaN if there is no critic
 */
record Algorithm(Loss loss, int responsesPerPrompt, int epochsPerBatch, double criticLearningRate) {

  static Algorithm of(APOTrainingSpec spec) {
    AlgorithmSpec algorithm = spec.algorithm();
    Loss loss = Losses.of(spec);
    return switch (algorithm.type()) {
      case APO -> new Algorithm(loss, 1, 1, Double.NaN);
      case GRPO ->
          new Algorithm(
              loss,
              algorithm.grpo().responsesPerPrompt(),
              algorithm.grpo().epochsPerBatch(),
              Double.NaN);
      case PPO ->
          new Algorithm(
              loss,
              algorithm.ppo().responsesPerPrompt(),
              algorithm.ppo().epochsPerBatch(),
              algorithm.ppo().criticLearningRate());
      case REBEL -> new Algorithm(loss, 2, algorithm.rebel().epochsPerBatch(), Double.NaN);
    };
  }
}
