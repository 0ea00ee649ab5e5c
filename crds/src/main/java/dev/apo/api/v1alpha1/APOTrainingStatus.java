package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;
import java.util.List;

/** How the run stands. */
@ApiObject
public record APOTrainingStatus(
    @JsonPropertyDescription("Where the run stands, in a word.") Phase phase,
    @JsonPropertyDescription("Since when the run is in its phase.") @Size(min = 1, max = 40)
        String phaseTime,
    @JsonPropertyDescription("How far the present stage is, in a few words.") @Size(max = 128)
        String progress,
    @JsonPropertyDescription("Observations about the run.") @Size(max = 16)
        List<Condition> conditions,
    @JsonPropertyDescription("Generation of the spec that this status is about.")
        @Min(0)
        @Max(Limits.EXACT)
        Long observedGeneration,
    @JsonPropertyDescription("Attempts started so far, over all stages.") @Min(0) @Max(Limits.INT)
        Integer attempts,
    @JsonPropertyDescription("Seconds that the run was active, up to activeSince.")
        @Min(0)
        @Max(Limits.EXACT)
        Long activeSeconds,
    @JsonPropertyDescription("Since when the run is active: neither suspended nor queued nor done.")
        @Size(min = 1, max = 40)
        String activeSince,
    @JsonPropertyDescription("The preparation.") StageStatus prepare,
    @JsonPropertyDescription("The estimate.") StageStatus estimate,
    @JsonPropertyDescription("The training.") StageStatus train,
    @JsonPropertyDescription("What the stages found.") Results results,
    @JsonPropertyDescription("Where the results are.") Artifacts artifacts) {}
