package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;

/** What may be spent on a run. */
@ApiObject
public record RunPolicySpec(
    @JsonPropertyDescription(
            "Crashes of a stage after which the run fails; preemption and loss of a node do not count.")
        @Default("3")
        @Min(0)
        @Max(1000)
        Integer maxRetries,
    @JsonPropertyDescription(
            "Seconds that a run may take while neither suspended nor queued; no limit if unset.")
        @Min(1)
        @Max(Limits.INT)
        Integer activeDeadlineSeconds,
    @JsonPropertyDescription("Seconds without progress after which a run counts as stalled.")
        @Default("1800")
        @Min(30)
        @Max(Limits.INT)
        Integer stalledAfterSeconds,
    @JsonPropertyDescription(
            "What an hour of the machines costs; the report tells no money if unset.")
        PriceSpec price) {}
