package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;

/** How the training stands, or ended. */
@ApiObject
public record TrainResults(
    @JsonPropertyDescription("Steps taken.") @Min(0) @Max(Limits.EXACT) Long steps,
    @JsonPropertyDescription("Mean reward of the latest batch.") Double reward,
    @JsonPropertyDescription("Latest accuracy on the evaluation data.") Double accuracy,
    @JsonPropertyDescription("Accuracy before training.") Double accuracyBefore,
    @JsonPropertyDescription("Best accuracy so far.") Double bestAccuracy,
    @JsonPropertyDescription(
            "Divergence from the reference policy in the latest batch, nats per response.")
        Double kl,
    @JsonPropertyDescription("Loss of the latest batch.") Double loss,
    @JsonPropertyDescription("Mean length of a response in the latest batch, in tokens.")
        Double responseTokens,
    @JsonPropertyDescription("Tokens trained on in a second.") Double tokensPerSecond,
    @JsonPropertyDescription(
            "Whether training stopped before its last step for want of a better accuracy.")
        Boolean stoppedEarly,
    @JsonPropertyDescription(
            "Questions that the filters left out, because the estimate never or always answered them.")
        @Min(0)
        @Max(Limits.EXACT)
        Long filteredPrompts,
    @JsonPropertyDescription("Responses that were not sampled because of that.")
        @Min(0)
        @Max(Limits.EXACT)
        Long savedResponses) {}
