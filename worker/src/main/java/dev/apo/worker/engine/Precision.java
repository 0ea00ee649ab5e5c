package dev.apo.worker.engine;

/**
 * What the forward and backward passes compute in. Weights, gradients and optimizer state are
 * float32 either way.
 */
public enum Precision {
  FP32,
  BF16
}
