package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** The course of the learning rate after the warm-up. */
public enum Schedule {
  /** Stays as it is. */
  @JsonProperty("Constant")
  CONSTANT,
  /** Falls along half a cosine. */
  @JsonProperty("Cosine")
  COSINE
}
