package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;

/** What the stages found. */
@ApiObject
public record Results(
    @JsonPropertyDescription("Results of the preparation.") PrepareResults prepare,
    @JsonPropertyDescription("Results of the estimate.") EstimateResults estimate,
    @JsonPropertyDescription("Results of the training.") TrainResults train) {}
