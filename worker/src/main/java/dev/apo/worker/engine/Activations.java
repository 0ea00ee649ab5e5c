package dev.apo.worker.engine;

import dev.apo.worker.model.ModelConfig;

/**
 * How much of a forward pass is kept for its backward pass; the layers that find no room are
 * computed again.
 *
 * @param valueBytes of one number in the precision of computing
 * @param plainAttention longest rows whose attention keeps its probabilities
 * @param budget bytes that may be kept
 */
record Activations(ModelConfig config, int valueBytes, int plainAttention, long budget) {
  Activations within(long bytes) {
    return new Activations(config, valueBytes, plainAttention, bytes);
  }

  /** Whether a copy of all weights, in 32 bits, would take more than all that may be kept. */
  boolean areFewerThanWeights() {
    return budget < Float.BYTES * config.parameterCount();
  }

  /** Tokens of a micro-batch of which everything can be kept, at the least. */
  long tokensKept() {
    return budget / (config.layers() * layerBytes(1, 0));
  }

  /** How many layers' activations of so many tokens, in rows of this width, find no room. */
  long layersComputedAgain(long tokens, long width) {
    return Math.max(0, config.layers() - budget / layerBytes(tokens, width));
  }

  private long layerBytes(long tokens, long width) {
    long attention = (long) config.headDim() * (4L * config.heads() + 3L * config.kvHeads());
    long probabilities = width <= plainAttention ? width * config.heads() : 0;
    long perToken =
        2L * config.hiddenSize() + 2L * config.intermediateSize() + attention + probabilities;
    return tokens * perToken * valueBytes;
  }
}
