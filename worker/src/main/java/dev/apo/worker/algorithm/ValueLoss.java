package dev.apo.worker.algorithm;

import java.util.Map;

/**
 * The critic's loss, as in verl: the mean over tokens of half the squared error, the larger of the
 * value's own and that of the value kept near what it was when the responses were sampled,
 *
 * <pre>½ max( (V − R)², (clip(V, V_old − clip, V_old + clip) − R)² )</pre>
 *
 * @param clip how far a value may move before it has no gradient; infinite for no bound
 */
public record ValueLoss(double clip) {
  public ValueLoss {
    if (!(clip > 0)) {
      throw new IllegalArgumentException("values clipped to " + clip);
    }
  }

  /**
   * The share of a micro-batch; its gradient is with respect to the values.
   *
   * @param values [B'][T_b] of the critic that is trained
   */
  public LossResult compute(
      MiniBatch miniBatch, double[][] values, RolloutBatch rollouts, Targets targets) {
    if (rollouts.values() == null || targets.returns() == null) {
      throw new IllegalArgumentException("a value loss needs values and returns");
    }
    Rows.checkShape("value", rollouts.values(), values);
    Rows.checkShape("return", targets.returns(), values);
    double tokens = Math.max(1, miniBatch.tokens());
    double loss = 0;
    double mean = 0;
    int clipped = 0;
    double[][] gradient = new double[values.length][];
    for (int b = 0; b < values.length; b++) {
      gradient[b] = new double[values[b].length];
      for (int t = 0; t < values[b].length; t++) {
        double old = rollouts.values()[b][t];
        double error = values[b][t] - targets.returns()[b][t];
        double near = Math.max(old - clip, Math.min(old + clip, values[b][t]));
        double nearError = near - targets.returns()[b][t];
        boolean flat = nearError * nearError > error * error;
        double larger = flat ? nearError : error;
        loss += larger * larger / 2 / tokens;
        gradient[b][t] = flat ? 0 : error / tokens;
        clipped += flat ? 1 : 0;
        mean += values[b][t] / tokens;
      }
    }
    return new LossResult(
        loss,
        gradient,
        Map.of(
            "critic/vf_loss", loss,
            "critic/vf_clipfrac", clipped / tokens,
            "critic/vpred_mean", mean),
        Map.of());
  }
}
