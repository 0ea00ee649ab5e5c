package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** A training algorithm. */
public enum AlgorithmType {
  /** A*-PO: regression on the optimal advantage. */
  @JsonProperty("APO")
  APO,
  /** GRPO and its relatives: responses to a prompt compared with each other. */
  @JsonProperty("GRPO")
  GRPO,
  /** PPO with a critic. */
  @JsonProperty("PPO")
  PPO,
  /** REBEL: regression on the difference of two rewards. */
  @JsonProperty("REBEL")
  REBEL
}
