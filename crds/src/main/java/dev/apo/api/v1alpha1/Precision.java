package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The number format of the forward and backward pass; weights that are updated are kept in 32 bits.
 */
public enum Precision {
  /** 16 bits, where the device has them. */
  @JsonProperty("BF16")
  BF16,
  /** 32 bits. */
  @JsonProperty("FP32")
  FP32
}
