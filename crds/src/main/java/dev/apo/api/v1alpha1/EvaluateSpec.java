package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;

/** How accuracy is measured. */
@ApiObject
public record EvaluateSpec(
    @JsonPropertyDescription(
            "Responses for each question; their mean is the accuracy, so 32 gives avg@32.")
        @Default("1")
        @Min(1)
        @Max(1024)
        Integer samples,
    @JsonPropertyDescription("Divides the logits; 0 takes the most likely token.")
        @Default("0.0")
        @Min(0)
        @Max(100)
        Double temperature,
    @JsonPropertyDescription("Questions to use, from the first; all if unset.")
        @Min(1)
        @Max(Limits.INT)
        Integer limit) {}
