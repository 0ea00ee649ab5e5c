package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;

/** What the estimate found about the reference policy. */
@ApiObject
public record EstimateResults(
    @JsonPropertyDescription("Questions in the table.") @Min(0) @Max(Limits.EXACT) Long prompts,
    @JsonPropertyDescription("Responses that this run sampled.") @Min(0) @Max(Limits.EXACT)
        Long responses,
    @JsonPropertyDescription("Mean reward of the responses.") Double reward,
    @JsonPropertyDescription("Mean of the optimal values.") Double value,
    @JsonPropertyDescription("Part of the questions that no response answered.")
        Double unsolvedFraction,
    @JsonPropertyDescription("Part of the questions that all responses answered.")
        Double solvedFraction,
    @JsonPropertyDescription("Mean length of a response in tokens.") Double responseTokens,
    @JsonPropertyDescription("Part of the responses that were cut off.") Double truncatedFraction,
    @JsonPropertyDescription("Response tokens sampled in a second.") Double tokensPerSecond) {}
