package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;

/** A further scorer, whose rewards are added. */
@ApiObject
@ValidationRule(value = RewardSpec.HTTP_RULE, message = RewardSpec.HTTP_MESSAGE)
@ValidationRule(value = RewardSpec.METHOD_RULE, message = RewardSpec.METHOD_MESSAGE)
public record RewardTermSpec(
    @JsonPropertyDescription("How a response is scored.") @Required RewardType type,
    @JsonPropertyDescription("What the rewards are multiplied with.")
        @Default("1.0")
        @Min(-1000)
        @Max(1000)
        Double weight,
    @JsonPropertyDescription(
            "Where GSM8K looks for the answer: Strict, the number after ####; Flexible, the last number.")
        @Default("Strict")
        ExtractionMethod method,
    @JsonPropertyDescription("The service to ask, for type Http.") HttpRewardSpec http) {}
