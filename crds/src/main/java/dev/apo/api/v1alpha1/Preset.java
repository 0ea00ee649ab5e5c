package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Which description of the method decides what the manifest leaves open. */
public enum Preset {
  /** The paper. */
  @JsonProperty("Paper")
  PAPER,
  /** The released code, with what it does beyond the paper. */
  @JsonProperty("Official")
  OFFICIAL
}
