package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** A member of the GRPO family. */
public enum GrpoVariant {
  /** As in DeepSeekMath. */
  @JsonProperty("GRPO")
  GRPO,
  /** Without the biases of length and difficulty. */
  @JsonProperty("DrGRPO")
  DR_GRPO,
  /** With a higher upper clip, a mean over tokens and dynamic sampling. */
  @JsonProperty("DAPO")
  DAPO,
  /** With the mean of the other responses as baseline. */
  @JsonProperty("RLOO")
  RLOO,
  /** With the ratio of whole responses. */
  @JsonProperty("GSPO")
  GSPO
}
