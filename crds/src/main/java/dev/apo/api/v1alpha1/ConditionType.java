package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What a condition is about. */
public enum ConditionType {
  /** Inputs are checked. */
  @JsonProperty("Prepared")
  PREPARED,
  /** The table of optimal values is complete. */
  @JsonProperty("ValueEstimated")
  VALUE_ESTIMATED,
  /** The model is exported. */
  @JsonProperty("Trained")
  TRAINED,
  /** The run is paused. */
  @JsonProperty("Suspended")
  SUSPENDED,
  /** There has been no progress for a while. */
  @JsonProperty("Stalled")
  STALLED,
  /** The run is finished. */
  @JsonProperty("Succeeded")
  SUCCEEDED,
  /** The run is given up. */
  @JsonProperty("Failed")
  FAILED
}
