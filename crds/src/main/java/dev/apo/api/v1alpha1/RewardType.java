package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How a response is scored. */
public enum RewardType {
  /** Equality of the last boxed expression, as the paper's code normalises it. */
  @JsonProperty("Math")
  MATH,
  /** Equivalence of the last boxed expression by computer algebra. */
  @JsonProperty("SymbolicMath")
  SYMBOLIC_MATH,
  /** The number after four hash signs. */
  @JsonProperty("GSM8K")
  GSM8K,
  /** An equation that uses the given numbers once and makes the target. */
  @JsonProperty("Countdown")
  COUNTDOWN,
  /** A whole number between answer tags. */
  @JsonProperty("Arithmetic")
  ARITHMETIC,
  /** Equality of trimmed text. */
  @JsonProperty("ExactMatch")
  EXACT_MATCH,
  /** A service decides. */
  @JsonProperty("Http")
  HTTP
}
