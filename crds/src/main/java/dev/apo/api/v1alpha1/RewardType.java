package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How a response is scored. */
public enum RewardType {
  /** Equivalence of the last boxed expression. */
  @JsonProperty("Math")
  MATH,
  /** The number after four hash signs. */
  @JsonProperty("GSM8K")
  GSM8K,
  /** An equation that uses the given numbers once and makes the target. */
  @JsonProperty("Countdown")
  COUNTDOWN,
  /** Equality of trimmed text. */
  @JsonProperty("ExactMatch")
  EXACT_MATCH,
  /** A service decides. */
  @JsonProperty("Http")
  HTTP
}
