package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Size;

/** How one stage is run. */
@ApiObject
public record StageStatus(
    @JsonPropertyDescription("Name of the Job.") @Size(max = 253) String job,
    @JsonPropertyDescription("Number of the attempt, from 1.") @Min(1) @Max(Limits.INT)
        Integer attempt,
    @JsonPropertyDescription("Attempts that counted against runPolicy.maxRetries.")
        @Min(0)
        @Max(Limits.INT)
        Integer failures,
    @JsonPropertyDescription(
            "Attempts that ended by no fault of the run: preemption, loss of a node, a deleted Job.")
        @Min(0)
        @Max(Limits.INT)
        Integer disruptions,
    @JsonPropertyDescription("When the stage first started.") @Size(min = 1, max = 40)
        String startTime,
    @JsonPropertyDescription("When the stage was complete.") @Size(min = 1, max = 40)
        String completionTime,
    @JsonPropertyDescription("When the stage last got on.") @Size(min = 1, max = 40)
        String progressTime,
    @JsonPropertyDescription("If set, the attempt is over and the next one starts from then on.")
        @Size(min = 1, max = 40)
        String retryTime,
    @JsonPropertyDescription("How far the stage is.") Progress progress) {}
