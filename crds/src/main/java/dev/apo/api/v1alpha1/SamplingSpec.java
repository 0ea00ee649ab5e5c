package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;

/** How responses are sampled, in estimation and in training. */
@ApiObject
public record SamplingSpec(
    @JsonPropertyDescription("Divides the logits; 1 samples from the model itself.")
        @Default("1.0")
        @Min(value = 0, inclusive = false)
        @Max(100)
        Double temperature,
    @JsonPropertyDescription("Probability mass to sample from; 1 is all of it.")
        @Default("1.0")
        @Min(value = 0, inclusive = false)
        @Max(1)
        Double topP,
    @JsonPropertyDescription("Number of most likely tokens to sample from; 0 is all of them.")
        @Default("0")
        @Min(0)
        @Max(Limits.INT)
        Integer topK,
    @JsonPropertyDescription(
            "Longest prompt in tokens; questions with longer prompts are left out.")
        @Default("256")
        @Min(1)
        @Max(1048576)
        Integer maxPromptTokens,
    @JsonPropertyDescription("Longest response in tokens; longer ones are cut off.")
        @Default("1024")
        @Min(1)
        @Max(1048576)
        Integer maxNewTokens) {}
