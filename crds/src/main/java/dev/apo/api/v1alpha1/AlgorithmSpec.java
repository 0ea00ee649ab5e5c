package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.ValidationRule;

/**
 * The training algorithm and its coefficients: those of APO here, others in blocks of their own.
 */
@ApiObject
@ValidationRule(
    value = "self.type == 'GRPO' || !has(self.grpo)",
    fieldPath = ".grpo",
    message = "grpo applies to type GRPO only: set algorithm.type to GRPO or remove grpo")
@ValidationRule(
    value = "self.type == 'PPO' || !has(self.ppo)",
    fieldPath = ".ppo",
    message = "ppo applies to type PPO only: set algorithm.type to PPO or remove ppo")
@ValidationRule(
    value = "self.type == 'REBEL' || !has(self.rebel)",
    fieldPath = ".rebel",
    message = "rebel applies to type REBEL only: set algorithm.type to REBEL or remove rebel")
public record AlgorithmSpec(
    @JsonPropertyDescription(
            "The algorithm; all but APO do without an estimate of the optimal values.")
        @Default("APO")
        AlgorithmType type,
    @JsonPropertyDescription(
            "For APO, strength of regularisation in the value estimate; 0 takes the mean reward, a negative number makes every value 0.")
        @Default("0.5")
        @Min(-1)
        @Max(1000000)
        Double beta1,
    @JsonPropertyDescription("For APO, strength of regularisation in training.")
        @Default("0.001")
        @Min(value = 0, inclusive = false)
        @Max(1000000)
        Double beta2,
    @JsonPropertyDescription(
            "For APO, whether to leave out questions that no sample of the estimate answered.")
        @Default("false")
        Boolean filterAllIncorrect,
    @JsonPropertyDescription(
            "For APO, whether to leave out questions that all samples of the estimate answered.")
        @Default("false")
        Boolean filterAllCorrect,
    @JsonPropertyDescription(
            "For APO, which questions a pass takes: None, all of them, shuffled; EasyToHard, all of them, those first that the samples of the estimate answered most often; Uncertain, each as often as p(1-p) says, where p is how often they answered it.")
        @Default("None")
        Curriculum curriculum,
    @JsonPropertyDescription(
            "Weight of the entropy bonus; if unset 0, and 0.001 with preset Official.")
        @Min(0)
        @Max(1000)
        Double entropyCoefficient,
    @JsonPropertyDescription(
            "For APO, number of samples per question that the value estimate reads, from the first; all if unset.")
        @Min(1)
        @Max(1024)
        Integer samplesToUse,
    @JsonPropertyDescription("Settings of GRPO and its relatives; defaults if unset.")
        GrpoSpec grpo,
    @JsonPropertyDescription("Settings of PPO; defaults if unset.") PpoSpec ppo,
    @JsonPropertyDescription("Settings of REBEL; defaults if unset.") RebelSpec rebel) {}
