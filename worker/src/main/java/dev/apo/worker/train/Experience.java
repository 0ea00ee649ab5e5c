package dev.apo.worker.train;

import dev.apo.worker.algorithm.LossBatch;
import dev.apo.worker.algorithm.MiniBatch;
import dev.apo.worker.algorithm.RolloutBatch;
import dev.apo.worker.algorithm.Targets;
import java.util.Arrays;
import java.util.List;

/**
 * A rollout batch with all that is fixed before the first optimizer step on it.
 *
 * @param rollouts group after group
 * @param batch their scores
 * @param targets what the loss makes of the batch
 */
record Experience(List<Rollout> rollouts, RolloutBatch batch, Targets targets) {
  /** Some of its responses, with their log-probs under the policy that is trained. */
  LossBatch lossBatch(MiniBatch miniBatch, int[] rows, double[][] logProbs) {
    return new LossBatch(miniBatch, logProbs, batch.rows(rows), targets.rows(rows));
  }

  /** The mean advantage of a response's tokens; null if the loss sets none beforehand. */
  Double advantage(int response) {
    return targets.advantages() == null
        ? null
        : Arrays.stream(targets.advantages()[response]).average().orElse(0);
  }
}
