package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;

/** What the preparation found. */
@ApiObject
public record PrepareResults(
    @JsonPropertyDescription("Key of the table of optimal values.") @Size(max = 128)
        String vstarKey,
    @JsonPropertyDescription("Whether a complete table with that key was already there.")
        Boolean vstarReused,
    @JsonPropertyDescription("Parameters of the model.") @Min(0) @Max(Limits.EXACT)
        Long modelParameters,
    @JsonPropertyDescription("Questions to train on.") @Min(0) @Max(Limits.EXACT) Long trainPrompts,
    @JsonPropertyDescription("Questions to measure accuracy on.") @Min(0) @Max(Limits.EXACT)
        Long evalPrompts,
    @JsonPropertyDescription("Questions left out because their prompts are too long.")
        @Min(0)
        @Max(Limits.EXACT)
        Long droppedPrompts) {}
