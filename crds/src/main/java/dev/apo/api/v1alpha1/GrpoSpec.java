package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;

/** GRPO and its relatives; the variant decides what is unset. */
@ApiObject
public record GrpoSpec(
    @JsonPropertyDescription(
            "Member of the family; for the length penalty of DAPO, set reward.overlong too.")
        @Default("GRPO")
        GrpoVariant variant,
    @JsonPropertyDescription("Responses to each question, which are compared with each other.")
        @Default("8")
        @Min(2)
        @Max(1024)
        Integer responsesPerPrompt,
    @JsonPropertyDescription(Limits.EPOCHS_PER_BATCH) @Default("1") @Min(1) @Max(1000)
        Integer epochsPerBatch,
    @JsonPropertyDescription(Limits.CLIP_LOW + "; if unset 0.2, and 0.0003 with GSPO.")
        @Min(value = 0, inclusive = false)
        @Max(1)
        Double clipLow,
    @JsonPropertyDescription(
            Limits.CLIP_HIGH + "; if unset 0.2, 0.28 with DAPO, and 0.0004 with GSPO.")
        @Min(value = 0, inclusive = false)
        @Max(1000)
        Double clipHigh,
    @JsonPropertyDescription(Limits.DUAL_CLIP + "; no such bound if unset.")
        @Min(value = 1, inclusive = false)
        @Max(1000000)
        Double dualClip,
    @JsonPropertyDescription(
            Limits.AGGREGATION
                + "; if unset SeqMeanTokenMean with GRPO and GSPO, SeqMeanTokenSumNorm with DrGRPO, and TokenMean otherwise.")
        LossAggregation aggregation,
    @JsonPropertyDescription(
            "Standard deviation that advantages are divided by; if unset None with DrGRPO and RLOO, and Group otherwise.")
        AdvantageScale scale,
    @JsonPropertyDescription(Limits.KL_IN + "; if unset Reward with RLOO, and Loss otherwise.")
        KlPlace klIn,
    @JsonPropertyDescription(
            Limits.KL_COEFFICIENT + "; if unset 0.04 with GRPO, 0.001 with RLOO, and 0 otherwise.")
        @Min(0)
        @Max(1000)
        Double klCoefficient,
    @JsonPropertyDescription(Limits.KL_ESTIMATOR) @Default("K3") KlEstimatorType klEstimator,
    @JsonPropertyDescription(
            "Whether questions whose responses are all rewarded alike are replaced by others; if unset true with DAPO, and false otherwise.")
        Boolean dynamicSampling) {}
