package dev.apo.worker.train;

import dev.apo.worker.algorithm.EntropyBonus;
import dev.apo.worker.algorithm.Loss;
import dev.apo.worker.algorithm.LossBatch;
import dev.apo.worker.algorithm.LossResult;
import dev.apo.worker.algorithm.MiniBatch;
import dev.apo.worker.algorithm.StepMetrics;
import dev.apo.worker.engine.AdamW;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.engine.TokenScores;
import dev.apo.worker.train.MicroBatches.Pass;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * One optimizer step of the policy on a mini-batch. The loss sees only log-probs and gives only
 * their derivatives, so the engine needs one forward and one backward pass for each micro-batch.
 */
final class PolicyUpdate {
  /**
   * Metric key: log π − log π_ref summed over a response, in nats; its mean over responses of π
   * estimates their KL divergence.
   */
  static final String LOG_RATIO = "actor/log_ratio";

  private final Replicas replicas;
  private final Loss loss;
  private final EntropyBonus entropy;
  private final OptimizerStep optimizer;
  private final double temperature;

  /**
   * @param temperature of sampling; log-probs are of logits divided by it
   */
  PolicyUpdate(
      Replicas replicas, Loss loss, EntropyBonus entropy, AdamW adamW, double temperature) {
    this.replicas = replicas;
    this.loss = loss;
    this.entropy = entropy;
    this.optimizer = OptimizerStep.ofPolicy(replicas, adamW);
    this.temperature = temperature;
  }

  /**
   * @param passes of the mini-batch
   * @param optimizerStep number of this step, from 1
   * @param figures told what the loss made of each response, by metric key
   * @return the gradient's norm before clipping
   */
  double apply(
      Experience experience,
      List<Pass> passes,
      MiniBatch miniBatch,
      int optimizerStep,
      double learningRate,
      StepMetrics metrics,
      BiConsumer<Rollout, Map<String, Double>> figures) {
    List<LossResult> results =
        replicas.map(passes, (decoder, pass) -> accumulate(decoder, experience, pass, miniBatch));
    for (int i = 0; i < passes.size(); i++) {
      metrics.add(results.get(i));
      tell(experience, passes.get(i), results.get(i), figures);
    }
    return optimizer.take(optimizerStep, learningRate);
  }

  /** Figures of pairs belong to no response. */
  private static void tell(
      Experience experience,
      Pass pass,
      LossResult result,
      BiConsumer<Rollout, Map<String, Double>> figures) {
    int[] rows = pass.rows();
    for (int b = 0; b < rows.length; b++) {
      int row = b;
      Map<String, Double> all = new HashMap<>();
      result
          .perSequence()
          .forEach(
              (key, values) -> {
                if (values.length == rows.length) {
                  all.put(key, values[row]);
                }
              });
      figures.accept(experience.rollouts().get(rows[b]), all);
    }
  }

  private LossResult accumulate(
      Decoder decoder, Experience experience, Pass pass, MiniBatch miniBatch) {
    TokenScores scores = decoder.forward(pass.tokens(), temperature);
    double[][] logProbs = TokenRows.split(scores.logProbs(), pass.tokens());
    LossBatch batch = experience.lossBatch(miniBatch, pass.rows(), logProbs);
    LossResult result = loss.compute(batch);
    int tokens = pass.tokens().targets().length;
    decoder.backward(
        TokenRows.join(result.gradient(), tokens),
        entropyCoefficients(logProbs, tokens, pass.microBatch(), miniBatch),
        temperature);
    var shares = new HashMap<>(result.shares());
    shares.put("actor/entropy_loss", sum(scores.entropies()) / miniBatch.tokens());
    var perSequence = new HashMap<>(result.perSequence());
    if (batch.rollouts().referenceLogProbs() != null) {
      perSequence.put(LOG_RATIO, logRatios(logProbs, batch.rollouts().referenceLogProbs()));
    }
    return new LossResult(result.loss(), result.gradient(), shares, perSequence);
  }

  /** [tokens] the derivative of the objective by each token's entropy; empty without a bonus. */
  private float[] entropyCoefficients(
      double[][] logProbs, int tokens, MiniBatch microBatch, MiniBatch miniBatch) {
    if (entropy.coefficient() == 0) {
      return new float[0];
    }
    double[][] rows = new double[logProbs.length][];
    for (int b = 0; b < rows.length; b++) {
      int length = logProbs[b].length;
      rows[b] = new double[length];
      Arrays.fill(
          rows[b],
          -entropy.tokenWeight(
              length == 0 ? 0 : loss.tokenWeight(length, miniBatch), microBatch, miniBatch));
    }
    return TokenRows.join(rows, tokens);
  }

  private static double[] logRatios(double[][] logProbs, double[][] reference) {
    double[] sums = new double[logProbs.length];
    for (int b = 0; b < sums.length; b++) {
      for (int t = 0; t < logProbs[b].length; t++) {
        sums[b] += logProbs[b][t] - reference[b][t];
      }
    }
    return sums;
  }

  private static double sum(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum;
  }
}
