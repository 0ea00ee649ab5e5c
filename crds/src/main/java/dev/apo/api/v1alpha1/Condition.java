package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/** One observation about the run, in the form of all Kubernetes conditions. */
@ApiObject
public record Condition(
    @JsonPropertyDescription("What the condition is about.") @Required ConditionType type,
    @JsonPropertyDescription("Whether it holds.") @Required ConditionStatus status,
    @JsonPropertyDescription("Cause of the last change, one word for programs.")
        @Required
        @Size(min = 1, max = 64)
        @Pattern("^[A-Za-z]([A-Za-z0-9]*)$")
        String reason,
    @JsonPropertyDescription("Cause of the last change, a sentence for people.") @Size(max = 2048)
        String message,
    @JsonPropertyDescription("Generation of the spec that this was observed for.")
        @Min(0)
        @Max(Limits.EXACT)
        Long observedGeneration,
    @JsonPropertyDescription("When the status last changed.") @Required @Size(min = 1, max = 40)
        String lastTransitionTime) {}
