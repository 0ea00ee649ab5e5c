package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Where a GSM8K answer is looked for. */
public enum ExtractionMethod {
  /** After the first four hash signs. */
  @JsonProperty("Strict")
  STRICT,
  /** The last number of the response. */
  @JsonProperty("Flexible")
  FLEXIBLE
}
