package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;

/**
 * The scorer of responses, the same in every stage: weight · reward, and what the other terms add.
 * Accuracy is measured by the main scorer alone.
 */
@ApiObject
@ValidationRule(value = RewardSpec.HTTP_RULE, message = RewardSpec.HTTP_MESSAGE)
@ValidationRule(value = RewardSpec.METHOD_RULE, message = RewardSpec.METHOD_MESSAGE)
@ValidationRule(
    value =
        "(self.type == 'Http' ? 1 : 0)"
            + " + (has(self.also) ? size(self.also.filter(term, term.type == 'Http')) : 0) <= 1",
    message = "only one term may be of type Http: let one service do all of its scoring")
public record RewardSpec(
    @JsonPropertyDescription("How a response is scored; this also measures accuracy.") @Required
        RewardType type,
    @JsonPropertyDescription("What the rewards are multiplied with in training; 1 if unset.")
        @Min(value = 0, inclusive = false)
        @Max(1000)
        Double weight,
    @JsonPropertyDescription(
            "Where GSM8K looks for the answer: Strict, the number after ####; Flexible, the last number.")
        @Default("Strict")
        ExtractionMethod method,
    @JsonPropertyDescription("The service to ask, for type Http.") HttpRewardSpec http,
    @JsonPropertyDescription("Further scorers, whose weighted rewards are added in training.")
        @Size(min = 1, max = 8)
        List<RewardTermSpec> also,
    @JsonPropertyDescription("Penalty in training for responses close to the length limit.")
        OverlongSpec overlong,
    @JsonPropertyDescription("Bonuses in training for the form of a response.")
        @Size(min = 1, max = 8)
        List<FormatSpec> format) {
  static final String HTTP_RULE = "(self.type == 'Http') == has(self.http)";
  static final String HTTP_MESSAGE =
      "http is required for type Http and allowed for no other: set http.url, or choose another type";
  static final String METHOD_RULE = "self.type == 'GSM8K' || self.method == 'Strict'";
  static final String METHOD_MESSAGE = "method applies to type GSM8K only: remove it";
}
