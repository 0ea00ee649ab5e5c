package dev.apo.worker.model;

import java.util.List;

/**
 * One array of the model as the engine computes with it, and the tensors of a Hugging Face file
 * that it is made of, stacked by rows: fusing q, k and v (and gate and up) into one matrix saves a
 * pass over the input for each.
 *
 * @param shape rows and, unless it is a vector, columns
 */
public record Parameter(List<Part> parts, long[] shape) {

  /**
   * A tensor of the Hugging Face layout.
   *
   * @param shape its shape; the first dimension is stacked
   */
  public record Part(String name, long[] shape) {
    public long size() {
      return product(shape);
    }
  }

  /** Number of weights. */
  public long size() {
    return product(shape);
  }

  private static long product(long[] shape) {
    long n = 1;
    for (long d : shape) {
      n *= d;
    }
    return n;
  }
}
