package dev.apo.worker.algorithm;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The GRPO family: several responses to a prompt, each reinforced by its advantage over the others,
 * with PPO's clipped objective and no critic. Its members differ in their settings only: GRPO
 * (arXiv 2402.03300), Dr. GRPO (2503.20783), DAPO (2503.14476), RLOO (2402.14740) and GSPO
 * (2507.18071).
 *
 * @param advantage how a response is compared with its group
 * @param objective what its tokens are reinforced by
 * @param dynamicSampling whether groups of equal rewards, which teach nothing, are replaced by
 *     others (DAPO)
 */
public record Grpo(GroupAdvantage advantage, ClippedObjective objective, boolean dynamicSampling)
    implements Loss {
  @Override
  public Set<Input> inputs() {
    return objective.inputs();
  }

  @Override
  public Set<Input> targetInputs() {
    Set<Input> inputs = objective.kl().targetInputs();
    inputs.add(Input.GROUPS);
    return inputs;
  }

  @Override
  public boolean keeps(double... rewards) {
    return !dynamicSampling
        || rewards.length == 1
        || Arrays.stream(rewards).anyMatch(reward -> reward != rewards[0]);
  }

  @Override
  public Targets targets(RolloutBatch batch) {
    if (batch.groups() == null) {
      throw new IllegalArgumentException("GRPO needs groups");
    }
    double[] advantages =
        advantage.of(objective.kl().shapedRewards(batch, batch.oldLogProbs()), batch.groups());
    List<int[]> groups = GroupAdvantage.members(batch.groups());
    double[] stds =
        groups.stream()
            .mapToDouble(members -> Math.sqrt(Rows.variance(Rows.of(batch.rewards(), members))))
            .toArray();
    double equal = Arrays.stream(stds).filter(std -> std == 0).count();
    Map<String, Double> figures = new LinkedHashMap<>(objective.kl().figures(batch));
    figures.put("critic/zero_std_groups", equal / groups.size());
    return new Targets(
        Arrays.stream(advantages).mapToObj(a -> new double[] {a}).toArray(double[][]::new),
        null,
        figures,
        Map.of("critic/advantages", advantages, "critic/group_std", stds));
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
