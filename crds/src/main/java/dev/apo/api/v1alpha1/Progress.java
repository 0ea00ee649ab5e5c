package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;

/** How far a stage is. */
@ApiObject
public record Progress(
    @JsonPropertyDescription("Units done: responses of the estimate, steps of the training.")
        @Min(0)
        @Max(Limits.EXACT)
        Long done,
    @JsonPropertyDescription("Units in all.") @Min(0) @Max(Limits.EXACT) Long total,
    @JsonPropertyDescription("Part done, in percent.") @Min(0) @Max(100) Integer percent,
    @JsonPropertyDescription("Seconds left at the present speed.") @Min(0) @Max(Limits.EXACT)
        Long etaSeconds,
    @JsonPropertyDescription("Shards of the estimate in all.") @Min(0) @Max(Limits.INT)
        Integer shards,
    @JsonPropertyDescription("Shards that are complete.") @Min(0) @Max(Limits.INT)
        Integer shardsDone,
    @JsonPropertyDescription("The same for people.") @Size(max = 256) String message) {}
