package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** An estimate of the divergence from the reference policy that has a useful gradient. */
public enum KlEstimatorType {
  /** Half the squared log-ratio. */
  @JsonProperty("K2")
  K2,
  /** Unbiased and never negative. */
  @JsonProperty("K3")
  K3,
  /** The value of K3 with the gradient of K2. */
  @JsonProperty("K3Plus")
  K3_PLUS
}
