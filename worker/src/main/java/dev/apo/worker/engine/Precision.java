package dev.apo.worker.engine;

/**
 * What the forward and backward passes compute in. Weights, gradients and optimizer state are
 * float32 either way. A processor without kernels for BF16 computes in FP32 instead, which is
 * exacter and, there, faster.
 */
public enum Precision {
  FP32,
  BF16
}
