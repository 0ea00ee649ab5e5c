package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Where a run stands: a summary of the conditions for people. */
public enum Phase {
  /** Seen, nothing started. */
  @JsonProperty("Pending")
  PENDING,
  /** Inputs are being checked. */
  @JsonProperty("Preparing")
  PREPARING,
  /** Waiting for the queue to admit it. */
  @JsonProperty("Queued")
  QUEUED,
  /** Sampling the reference policy. */
  @JsonProperty("Estimating")
  ESTIMATING,
  /** Training. */
  @JsonProperty("Training")
  TRAINING,
  /** Paused. */
  @JsonProperty("Suspended")
  SUSPENDED,
  /** Finished; final. */
  @JsonProperty("Succeeded")
  SUCCEEDED,
  /** Given up; final. */
  @JsonProperty("Failed")
  FAILED
}
