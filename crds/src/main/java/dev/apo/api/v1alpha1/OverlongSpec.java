package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;

/** A penalty that grows with the length of a response, up to the limit. */
@ApiObject
public record OverlongSpec(
    @JsonPropertyDescription(
            "Number of tokens before sampling.maxNewTokens from which on the penalty grows from 0.")
        @Required
        @Min(1)
        @Max(1048576)
        Integer bufferTokens,
    @JsonPropertyDescription("What a response of sampling.maxNewTokens tokens loses.")
        @Default("1.0")
        @Min(value = 0, inclusive = false)
        @Max(1000)
        Double penalty) {}
