package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;

/** REBEL, with two responses to each question. */
@ApiObject
public record RebelSpec(
    @JsonPropertyDescription("Log-probability that a unit of reward is worth.")
        @Default("1.0")
        @Min(value = 0, inclusive = false)
        @Max(1000000000)
        Double eta,
    @JsonPropertyDescription(Limits.EPOCHS_PER_BATCH) @Default("4") @Min(1) @Max(1000)
        Integer epochsPerBatch,
    @JsonPropertyDescription(
            "What a reward is charged for divergence from the starting model; 0 charges nothing.")
        @Default("0.05")
        @Min(0)
        @Max(1000)
        Double klCoefficient) {}
