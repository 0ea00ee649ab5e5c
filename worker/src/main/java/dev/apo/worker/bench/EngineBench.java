package dev.apo.worker.bench;

import dev.apo.worker.engine.AdamW;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Precision;
import dev.apo.worker.engine.TokenBatch;
import dev.apo.worker.engine.Trainable;
import dev.apo.worker.model.ModelDirectory;
import dev.apo.worker.sampling.Request;
import dev.apo.worker.sampling.Sampler;
import dev.apo.worker.sampling.SamplingSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Times the engine's two heavy operations on random tokens; medians, after a warm-up. */
final class EngineBench {
  private final ModelDirectory model;
  private final Precision precision;
  private final int rounds;
  private final Random random = new Random(1);

  EngineBench(ModelDirectory model, Precision precision, int rounds) {
    this.model = model;
    this.precision = precision;
    this.rounds = rounds;
  }

  /**
   * Sampling: new tokens per second.
   *
   * @param newTokens of each response
   */
  double generate(int promptTokens, int[] newTokens) {
    int longest = IntStream.of(newTokens).max().orElseThrow();
    try (Decoder decoder =
        Decoder.load(model, precision, promptTokens + longest, Trainable.NOTHING)) {
      var settings = new SamplingSettings(new Decoder.Controls(1, 1, 0), longest, Set.of());
      var requests = new ArrayList<Request>();
      for (int i = 0; i < newTokens.length; i++) {
        requests.add(new Request(tokens(promptTokens), new long[] {i}, newTokens[i]));
      }
      var sampler = new Sampler(decoder, settings);
      return IntStream.of(newTokens).sum() / median(() -> sampler.sample(requests));
    }
  }

  /**
   * Forward, backward, clip and AdamW on whole sequences, cut as in training: tokens per second.
   */
  double trainStep(int batch, int length) {
    try (Decoder decoder = Decoder.load(model, precision, length)) {
      decoder.prepareTraining();
      int most = Math.max(1, decoder.microBatchTokens() / length);
      var microBatches = new ArrayList<TokenBatch>();
      for (int from = 0; from < batch; from += most) {
        int rows = Math.min(most, batch - from);
        microBatches.add(
            TokenBatch.of(
                Stream.generate(() -> new TokenBatch.Sequence(tokens(length), 1))
                    .limit(rows)
                    .toList()));
      }
      AdamW adamW = AdamW.of(0.01, 1);
      return batch
          * length
          / median(
              () -> {
                for (TokenBatch microBatch : microBatches) {
                  int targets = decoder.forward(microBatch, 1).logProbs().length;
                  float[] coefficients = new float[targets];
                  Arrays.fill(coefficients, 1e-3f);
                  decoder.backward(coefficients, new float[0], 1);
                }
                decoder.optimize(1, adamW, 1e-6);
              });
    }
  }

  private int[] tokens(int count) {
    return random.ints(count, 2, model.config().vocabSize()).toArray();
  }

  private double median(Runnable work) {
    work.run();
    double[] seconds = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      long start = System.nanoTime();
      work.run();
      seconds[i] = (System.nanoTime() - start) / 1e9;
    }
    Arrays.sort(seconds);
    return seconds[rounds / 2];
  }
}
