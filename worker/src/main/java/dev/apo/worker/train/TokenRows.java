package dev.apo.worker.train;

import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.engine.TokenBatch;
import java.util.List;
import java.util.function.BiFunction;

/**
 * Figures of response tokens, which the engine has in one row and losses have in one row for each
 * response.
 */
final class TokenRows {
  private TokenRows() {}

  /**
   * Runs a model over all responses.
   *
   * @param responses their number
   * @param passes all of them, each once
   * @param model gives a figure for each response token
   * @return [responses][their tokens]
   */
  static double[][] of(
      Replicas replicas,
      int responses,
      List<MicroBatches.Pass> passes,
      BiFunction<Decoder, TokenBatch, float[]> model) {
    double[][] all = new double[responses][];
    List<float[]> figures =
        replicas.map(passes, (decoder, pass) -> model.apply(decoder, pass.tokens()));
    for (int i = 0; i < passes.size(); i++) {
      double[][] rows = split(figures.get(i), passes.get(i).tokens());
      for (int n = 0; n < rows.length; n++) {
        all[passes.get(i).rows()[n]] = rows[n];
      }
    }
    return all;
  }

  /** One row for each sequence of a batch. */
  static double[][] split(float[] figures, TokenBatch batch) {
    int[] lengths = batch.responseLengths();
    double[][] rows = new double[lengths.length][];
    int n = 0;
    for (int b = 0; b < rows.length; b++) {
      rows[b] = new double[lengths[b]];
      for (int t = 0; t < rows[b].length; t++) {
        rows[b][t] = figures[n++];
      }
    }
    return rows;
  }

  /** The reverse of {@link #split}. */
  static float[] join(double[][] rows, int tokens) {
    float[] figures = new float[tokens];
    int n = 0;
    for (double[] row : rows) {
      for (double figure : row) {
        figures[n++] = (float) figure;
      }
    }
    return figures;
  }
}
