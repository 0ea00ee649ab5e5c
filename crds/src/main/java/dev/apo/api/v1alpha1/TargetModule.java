package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** A matrix of a layer, as Hugging Face models name it. */
public enum TargetModule {
  /** Queries. */
  @JsonProperty("q_proj")
  Q_PROJ,
  /** Keys. */
  @JsonProperty("k_proj")
  K_PROJ,
  /** Values. */
  @JsonProperty("v_proj")
  V_PROJ,
  /** The output of attention. */
  @JsonProperty("o_proj")
  O_PROJ,
  /** What passes the activation. */
  @JsonProperty("gate_proj")
  GATE_PROJ,
  /** What the activation is multiplied by. */
  @JsonProperty("up_proj")
  UP_PROJ,
  /** The way back to the hidden size. */
  @JsonProperty("down_proj")
  DOWN_PROJ
}
