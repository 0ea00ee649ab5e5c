package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;

/** The scorer of responses, the same in every stage. */
@ApiObject
@ValidationRule(
    value = "(self.type == 'Http') == has(self.http)",
    message =
        "http is required for type Http and allowed for no other: set http.url, or choose another type")
@ValidationRule(
    value = "self.type == 'GSM8K' || self.method == 'Strict'",
    message = "method applies to type GSM8K only: remove it")
public record RewardSpec(
    @JsonPropertyDescription("How a response is scored.") @Required RewardType type,
    @JsonPropertyDescription(
            "Where GSM8K looks for the answer: Strict, the number after ####; Flexible, the last number.")
        @Default("Strict")
        ExtractionMethod method,
    @JsonPropertyDescription("The service to ask, for type Http.") HttpRewardSpec http) {}
