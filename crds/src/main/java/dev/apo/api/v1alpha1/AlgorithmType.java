package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** A training algorithm. */
public enum AlgorithmType {
  /** A*-PO: regression on the optimal advantage. */
  @JsonProperty("APO")
  APO
}
