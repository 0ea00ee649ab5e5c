package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What the difference of a reward from its baseline is divided by. */
public enum AdvantageScale {
  /** The standard deviation of the prompt's rewards. */
  @JsonProperty("Group")
  GROUP,
  /** The standard deviation of all rewards of the step. */
  @JsonProperty("Batch")
  BATCH,
  /** Nothing. */
  @JsonProperty("None")
  NONE
}
