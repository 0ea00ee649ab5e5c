package dev.apo.worker.engine;

import dev.apo.worker.model.Lora;

/**
 * What of a model training may change.
 *
 * @param weights whether all its weights
 * @param lora adapters beside weights that stay as they are, or null
 */
public record Trainable(boolean weights, Lora lora) {
  /** Sampling and scoring only. */
  public static final Trainable NOTHING = new Trainable(false, null);

  public static final Trainable WEIGHTS = new Trainable(true, null);

  public static Trainable adapters(Lora lora) {
    return new Trainable(false, lora);
  }
}
