package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;

/** The estimate of the optimal values, from samples of the reference policy. */
@ApiObject
public record EstimateSpec(
    @JsonPropertyDescription("Responses to sample for each question.")
        @Default("8")
        @Min(1)
        @Max(1024)
        Integer samplesPerPrompt,
    @JsonPropertyDescription(
            "Parts that the questions are cut into, one pod for each; the result does not depend on it.")
        @Default("1")
        @Min(1)
        @Max(10000)
        Integer shards,
    @JsonPropertyDescription("Pods that run at the same time; all shards if unset.")
        @Min(1)
        @Max(10000)
        Integer parallelism,
    @JsonPropertyDescription("Responses that are there already, instead of sampling any.")
        TableSpec table,
    @JsonPropertyDescription("What is particular to the pods of this stage.") StagePod pod) {}
