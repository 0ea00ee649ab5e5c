package dev.apo.worker.algorithm;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * PPO (arXiv 1707.06347) with a critic: each token is reinforced by its advantage over what the
 * critic expected, whitened over the rollout batch.
 *
 * @param gae how advantages come from rewards and values
 * @param objective what the policy is reinforced by
 * @param critic what the critic learns by
 */
public record Ppo(Gae gae, ClippedObjective objective, ValueLoss critic) implements Loss {
  /** Keeps the explained variance of equal returns finite, as in verl. */
  private static final double VARIANCE_EPSILON = 1e-5;

  @Override
  public Set<Input> inputs() {
    return objective.inputs();
  }

  @Override
  public Set<Input> targetInputs() {
    Set<Input> inputs = objective.kl().targetInputs();
    inputs.add(Input.VALUES);
    return inputs;
  }

  @Override
  public Optional<ValueLoss> valueLoss() {
    return Optional.of(critic);
  }

  @Override
  public Targets targets(RolloutBatch batch) {
    double[][] values = batch.values();
    if (values == null) {
      throw new IllegalArgumentException("PPO needs values");
    }
    double[][] advantages = new double[batch.size()][];
    double[][] returns = new double[batch.size()][];
    for (int b = 0; b < returns.length; b++) {
      double[] rewards = objective.kl().tokenRewards(batch, b, values[b].length);
      advantages[b] = gae.advantages(rewards, values[b]);
      returns[b] = new double[rewards.length];
      for (int t = 0; t < rewards.length; t++) {
        returns[b][t] = advantages[b][t] + values[b][t];
      }
    }
    double[][] whitened = Gae.whiten(advantages);
    // A return less its value is the advantage.
    double unexplained =
        Rows.variance(Rows.flat(advantages))
            / (Rows.variance(Rows.flat(returns)) + VARIANCE_EPSILON);
    Map<String, Double> figures = new LinkedHashMap<>(objective.kl().figures(batch));
    figures.put("critic/vf_explained_var", 1 - unexplained);
    return new Targets(
        whitened,
        returns,
        figures,
        Map.of(
            "critic/advantages", Rows.flat(whitened),
            "critic/returns", Rows.flat(returns),
            "critic/values", Rows.flat(values)));
  }

  @Override
  public double tokenWeight(int length, MiniBatch miniBatch) {
    return objective.tokenWeight(length, miniBatch);
  }

  @Override
  public LossResult compute(LossBatch batch) {
    return objective.compute(batch);
  }
}
