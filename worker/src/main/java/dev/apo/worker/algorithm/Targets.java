package dev.apo.worker.algorithm;

import java.util.Map;

/**
 * What a loss makes of a whole rollout batch, once, before the first step on it: what needs to see
 * all responses, such as the statistics of a group.
 *
 * @param advantages [B][T_b] of each token, or [B][1] where one holds for all tokens of a response;
 *     null if the loss has none
 * @param returns [B][T_b] what the critic is to learn; null without a critic
 * @param figures figures of the batch, by metric key
 * @param distributions figures of its responses, tokens or groups, by metric key, for their mean,
 *     maximum and minimum
 */
public record Targets(
    double[][] advantages,
    double[][] returns,
    Map<String, Double> figures,
    Map<String, double[]> distributions) {

  /** Of a loss that needs to see no more than one response, or one group, at a time. */
  public static final Targets NONE = new Targets(null, null, Map.of(), Map.of());

  /** Those of some of the responses, in the given order, without figures. */
  public Targets rows(int... rows) {
    return new Targets(Rows.of(advantages, rows), Rows.of(returns, rows), Map.of(), Map.of());
  }

  /** The advantage of token t of response b. */
  double advantage(int b, int t) {
    double[] row = advantages[b];
    return row[row.length == 1 ? 0 : t];
  }
}
