package dev.apo.worker.train;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.algorithm.EntropyBonus;
import dev.apo.worker.algorithm.Loss;
import dev.apo.worker.algorithm.LossBatch;
import dev.apo.worker.algorithm.LossResult;
import dev.apo.worker.algorithm.MiniBatch;
import dev.apo.worker.algorithm.StepMetrics;
import dev.apo.worker.engine.AdamW;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.engine.TokenBatch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * One optimizer step on a mini-batch. The loss sees only log-probs and gives only their
 * derivatives, so the engine needs one forward and one backward pass for each micro-batch, and one
 * forward pass of the reference policy if the loss asks for it.
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
  private final AdamW adamW;
  private final double temperature;
  private final int microBatchTokens;

  /**
   * @param temperature of sampling; log-probs are of logits divided by it
   * @param microBatchTokens most tokens, padding included, that pass the model at once
   */
  PolicyUpdate(
      Replicas replicas,
      Loss loss,
      EntropyBonus entropy,
      AdamW adamW,
      double temperature,
      int microBatchTokens) {
    this.replicas = replicas;
    this.loss = loss;
    this.entropy = entropy;
    this.adamW = adamW;
    this.temperature = temperature;
    this.microBatchTokens = microBatchTokens;
  }

  /**
   * @param optimizerStep number of this step, from 1
   * @param figures told what the loss made of each response, by metric key
   * @return the gradient's norm before clipping
   */
  double apply(
      List<Rollout> miniBatch,
      int optimizerStep,
      double learningRate,
      StepMetrics metrics,
      BiConsumer<Rollout, Map<String, Double>> figures) {
    var size = new MiniBatch(miniBatch.size(), tokens(miniBatch));
    List<Piece> pieces = microBatches(miniBatch).stream().flatMap(this::pieces).toList();
    List<List<LossResult>> results =
        replicas.map(pieces, (decoder, piece) -> accumulate(decoder, piece, size));
    for (int i = 0; i < pieces.size(); i++) {
      results.get(i).forEach(metrics::add);
      tell(pieces.get(i).rollouts(), results.get(i), figures);
    }
    double gradNorm = replicas.optimize(optimizerStep, adamW, learningRate);
    if (!Double.isFinite(gradNorm)) {
      throw new ApoException(
          ExitCode.BAD_DATA,
          "The gradient of optimizer step "
              + optimizerStep
              + " is "
              + gradNorm
              + "; lower spec.train.learningRate or set spec.train.precision to FP32, and start anew with --fresh or under another name.");
    }
    return gradNorm;
  }

  private static void tell(
      List<Rollout> rollouts,
      List<LossResult> results,
      BiConsumer<Rollout, Map<String, Double>> figures) {
    for (int b = 0; b < rollouts.size(); b++) {
      int row = b;
      Map<String, Double> all = new HashMap<>();
      for (LossResult result : results) {
        result.perSequence().forEach((key, values) -> all.put(key, values[row]));
      }
      figures.accept(rollouts.get(b), all);
    }
  }

  /** What one replica computes of a micro-batch. */
  private record Piece(List<Rollout> rollouts, MiniBatch microBatch) {}

  /** Each replica gets every n-th sequence, so that their lengths are alike. */
  private Stream<Piece> pieces(List<Rollout> microBatch) {
    var size = new MiniBatch(microBatch.size(), tokens(microBatch));
    int count = Math.min(replicas.count(), microBatch.size());
    return IntStream.range(0, count)
        .mapToObj(
            piece ->
                new Piece(
                    IntStream.range(0, microBatch.size())
                        .filter(i -> i % count == piece)
                        .mapToObj(microBatch::get)
                        .toList(),
                    size));
  }

  private static long tokens(List<Rollout> rollouts) {
    return rollouts.stream().mapToLong(r -> r.sequence().responseLength()).sum();
  }

  private List<LossResult> accumulate(Decoder decoder, Piece piece, MiniBatch miniBatch) {
    List<Rollout> rollouts = piece.rollouts();
    TokenBatch batch = TokenBatch.of(rollouts.stream().map(Rollout::sequence).toList());
    double[][] reference = null;
    if (loss.inputs().contains(Loss.Input.REFERENCE_LOG_PROBS)) {
      reference = rows(decoder.score(batch, temperature, true).logProbs(), rollouts);
    }
    Decoder.TokenScores scores = decoder.forward(batch, temperature);
    double[][] logProbs = rows(scores.logProbs(), rollouts);
    LossResult result =
        loss.compute(
            LossBatch.of(
                miniBatch,
                logProbs,
                reference,
                rollouts.stream().mapToDouble(Rollout::reward).toArray(),
                rollouts.stream().mapToDouble(Rollout::vStar).toArray()));
    double weight =
        entropy.coefficient() == 0 ? 0 : entropy.tokenWeight(piece.microBatch(), miniBatch);
    decoder.backward(flatten(result.gradient(), batch.targets().length), -weight, temperature);
    double meanEntropy = sum(scores.entropies()) / miniBatch.tokens();
    Map<String, double[]> perSequence =
        reference == null ? Map.of() : Map.of(LOG_RATIO, logRatios(logProbs, reference));
    return List.of(
        result, new LossResult(0, null, Map.of("actor/entropy_loss", meanEntropy), perSequence));
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

  /**
   * Cuts a mini-batch into micro-batches of similar length, longest first, so that little padding
   * is computed.
   */
  List<List<Rollout>> microBatches(List<Rollout> miniBatch) {
    var sorted = new ArrayList<>(miniBatch);
    // A stable sort: equal lengths keep their order, so the same mini-batch is always cut the same
    // way.
    sorted.sort(Comparator.comparingInt((Rollout r) -> r.sequence().tokens().length).reversed());
    var all = new ArrayList<List<Rollout>>();
    for (int from = 0; from < sorted.size(); ) {
      int width = sorted.get(from).sequence().tokens().length;
      int to = Math.min(sorted.size(), from + Math.max(1, microBatchTokens / width));
      all.add(sorted.subList(from, to));
      from = to;
    }
    return all;
  }

  private static double[][] rows(float[] flat, List<Rollout> rollouts) {
    double[][] rows = new double[rollouts.size()][];
    int n = 0;
    for (int b = 0; b < rows.length; b++) {
      rows[b] = new double[rollouts.get(b).sequence().responseLength()];
      for (int t = 0; t < rows[b].length; t++) {
        rows[b][t] = flat[n++];
      }
    }
    return rows;
  }

  private static float[] flatten(double[][] rows, int count) {
    float[] flat = new float[count];
    int n = 0;
    for (double[] row : rows) {
      for (double value : row) {
        flat[n++] = (float) value;
      }
    }
    return flat;
  }

  private static double sum(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum;
  }
}
