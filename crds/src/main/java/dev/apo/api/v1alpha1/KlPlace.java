package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Where divergence from the reference policy is charged. */
public enum KlPlace {
  /** In the reward. */
  @JsonProperty("Reward")
  REWARD,
  /** In the loss. */
  @JsonProperty("Loss")
  LOSS
}
