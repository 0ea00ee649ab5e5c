package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;

/** When to stop before the last step. */
@ApiObject
public record EarlyStoppingSpec(
    @JsonPropertyDescription(
            "Evaluations in a row without a better accuracy after which training stops; never if unset.")
        @Min(1)
        @Max(100000)
        Integer patience) {}
