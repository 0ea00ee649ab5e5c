package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;

/** PPO with a critic, which starts from the same model. */
@ApiObject
public record PpoSpec(
    @JsonPropertyDescription("Responses to each question.") @Default("1") @Min(1) @Max(1024)
        Integer responsesPerPrompt,
    @JsonPropertyDescription(Limits.EPOCHS_PER_BATCH) @Default("1") @Min(1) @Max(1000)
        Integer epochsPerBatch,
    @JsonPropertyDescription("Discount of later rewards.") @Default("1.0") @Min(0) @Max(1)
        Double gamma,
    @JsonPropertyDescription(
            "Weight of longer looks ahead in advantages: 1 trusts rewards alone, 0 the critic's next value.")
        @Default("1.0")
        @Min(0)
        @Max(1)
        Double lambda,
    @JsonPropertyDescription(Limits.CLIP_LOW + ".")
        @Default("0.2")
        @Min(value = 0, inclusive = false)
        @Max(1)
        Double clipLow,
    @JsonPropertyDescription(Limits.CLIP_HIGH + ".")
        @Default("0.2")
        @Min(value = 0, inclusive = false)
        @Max(1000)
        Double clipHigh,
    @JsonPropertyDescription(Limits.DUAL_CLIP + ".")
        @Default("3.0")
        @Min(value = 1, inclusive = false)
        @Max(1000000)
        Double dualClip,
    @JsonPropertyDescription(
            "How far a value may move from the one at sampling before it has no gradient.")
        @Default("0.5")
        @Min(value = 0, inclusive = false)
        @Max(1000000)
        Double valueClip,
    @JsonPropertyDescription("Learning rate of the critic; it follows train.schedule.")
        @Default("1.0e-5")
        @Min(value = 0, inclusive = false)
        @Max(10)
        Double criticLearningRate,
    @JsonPropertyDescription(Limits.AGGREGATION + ".") @Default("TokenMean")
        LossAggregation aggregation,
    @JsonPropertyDescription(Limits.KL_IN + ".") @Default("Reward") KlPlace klIn,
    @JsonPropertyDescription(Limits.KL_COEFFICIENT + ".") @Default("0.001") @Min(0) @Max(1000)
        Double klCoefficient,
    @JsonPropertyDescription(Limits.KL_ESTIMATOR) @Default("K3") KlEstimatorType klEstimator) {}
