package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;

/** The training algorithm and its coefficients. */
@ApiObject
public record AlgorithmSpec(
    @JsonPropertyDescription("The algorithm.") @Default("APO") AlgorithmType type,
    @JsonPropertyDescription(
            "Strength of regularisation in the value estimate; 0 takes the mean reward, a negative number makes every value 0.")
        @Default("0.5")
        @Min(-1)
        @Max(1000000)
        Double beta1,
    @JsonPropertyDescription("Strength of regularisation in training.")
        @Default("0.001")
        @Min(value = 0, inclusive = false)
        @Max(1000000)
        Double beta2,
    @JsonPropertyDescription(
            "Whether to leave out questions that no sample of the estimate answered.")
        @Default("false")
        Boolean filterAllIncorrect,
    @JsonPropertyDescription(
            "Whether to leave out questions that all samples of the estimate answered.")
        @Default("false")
        Boolean filterAllCorrect,
    @JsonPropertyDescription(
            "Which questions a pass takes: None, all of them, shuffled; EasyToHard, all of them, those first that the samples of the estimate answered most often; Uncertain, each as often as p(1-p) says, where p is how often they answered it.")
        @Default("None")
        Curriculum curriculum,
    @JsonPropertyDescription(
            "Weight of the entropy bonus; if unset 0, and 0.001 with preset Official.")
        @Min(0)
        @Max(1000)
        Double entropyCoefficient,
    @JsonPropertyDescription(
            "Number of samples per question that the value estimate reads, from the first; all if unset.")
        @Min(1)
        @Max(1024)
        Integer samplesToUse) {}
