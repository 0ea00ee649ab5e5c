package dev.apo.worker.algorithm;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The advantage of a response over the others to the same prompt: {@code (r − baseline) / (std +
 * epsilon)}. Standard deviations are unbiased. A response that is alone in its group has no
 * baseline, and a standard deviation of 1, as in verl.
 *
 * @param epsilon keeps the advantages of equal rewards finite: 1e-6 in verl, 1e-4 in TRL
 */
public record GroupAdvantage(Baseline baseline, Scale scale, double epsilon) {
  /** What a reward is compared with. */
  public enum Baseline {
    /** The mean of the group (GRPO, arXiv 2402.03300). */
    GROUP_MEAN,
    /** The mean of the others (RLOO, arXiv 2402.14740). */
    LEAVE_ONE_OUT
  }

  /** What the difference is divided by. */
  public enum Scale {
    /** The standard deviation of the group's rewards. */
    GROUP,
    /** The standard deviation of all rewards of the batch. */
    BATCH,
    /** Nothing (Dr. GRPO, arXiv 2503.20783). */
    NONE
  }

  /**
   * [B] advantages of responses.
   *
   * @param rewards [B]
   * @param groups [B] responses with the same number answer the same prompt
   */
  public double[] of(double[] rewards, int[] groups) {
    double[] advantages = new double[rewards.length];
    double batchStd = std(rewards);
    for (int[] members : members(groups)) {
      double[] group = Rows.of(rewards, members);
      double divisor =
          switch (scale) {
            case GROUP -> std(group) + epsilon;
            case BATCH -> batchStd + epsilon;
            case NONE -> 1;
          };
      for (int b : members) {
        advantages[b] = (rewards[b] - baseline(group, rewards[b])) / divisor;
      }
    }
    return advantages;
  }

  private double baseline(double[] group, double own) {
    double mean = Rows.mean(group);
    if (group.length == 1) {
      return 0;
    }
    return switch (baseline) {
      case GROUP_MEAN -> mean;
      case LEAVE_ONE_OUT -> mean + (mean - own) / (group.length - 1);
    };
  }

  /** The unbiased standard deviation; 1 of one reward. */
  static double std(double[] rewards) {
    return rewards.length == 1 ? 1 : Math.sqrt(Rows.variance(rewards));
  }

  /** The places of each group's members, groups and members in order of appearance. */
  static List<int[]> members(int[] groups) {
    Map<Integer, List<Integer>> members = new LinkedHashMap<>();
    IntStream.range(0, groups.length)
        .forEach(b -> members.computeIfAbsent(groups[b], g -> new ArrayList<>()).add(b));
    return members.values().stream()
        .map(group -> group.stream().mapToInt(Integer::intValue).toArray())
        .toList();
  }
}
