package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;

/** The training stage. */
@ApiObject
public record TrainSpec(
    @JsonPropertyDescription("Passes over the questions, if steps is unset.")
        @Default("25")
        @Min(1)
        @Max(1000000)
        Integer epochs,
    @JsonPropertyDescription("Steps to train, instead of epochs; a step is one batch of responses.")
        @Min(1)
        @Max(Limits.INT)
        Integer steps,
    @JsonPropertyDescription("Questions in a step.") @Default("256") @Min(1) @Max(1048576)
        Integer batchSize,
    @JsonPropertyDescription("Questions in an update of the weights; divides batchSize.")
        @Default("128")
        @Min(1)
        @Max(1048576)
        Integer miniBatchSize,
    @JsonPropertyDescription("Learning rate of AdamW.")
        @Default("1.0e-6")
        @Min(value = 0, inclusive = false)
        @Max(10)
        Double learningRate,
    @JsonPropertyDescription("Decoupled weight decay of AdamW.") @Default("0.01") @Min(0) @Max(10)
        Double weightDecay,
    @JsonPropertyDescription("Norm that the gradient is clipped to.")
        @Default("1.0")
        @Min(value = 0, inclusive = false)
        @Max(1000000)
        Double maxGradNorm,
    @JsonPropertyDescription("Steps over which the learning rate rises from 0.")
        @Default("0")
        @Min(0)
        @Max(Limits.INT)
        Integer warmupSteps,
    @JsonPropertyDescription("Course of the learning rate after the warm-up.") @Default("Constant")
        Schedule schedule,
    @JsonPropertyDescription("Part of the learning rate that a Cosine schedule ends at.")
        @Default("0.0")
        @Min(0)
        @Max(1)
        Double minLearningRateRatio,
    @JsonPropertyDescription("Seed of the order of questions and of sampling.")
        @Default("0")
        @Min(0)
        @Max(Limits.EXACT)
        Long seed,
    @JsonPropertyDescription("Steps between checkpoints.") @Default("50") @Min(1) @Max(Limits.INT)
        Integer checkpointEvery,
    @JsonPropertyDescription(
            "Steps between evaluations; 0 evaluates before and after training only.")
        @Default("50")
        @Min(0)
        @Max(Limits.INT)
        Integer evaluateEvery,
    @JsonPropertyDescription("Checkpoints to keep, the latest ones.")
        @Default("2")
        @Min(1)
        @Max(1000)
        Integer keepCheckpoints,
    @JsonPropertyDescription("When to stop before the last step.") EarlyStoppingSpec earlyStopping,
    @JsonPropertyDescription(
            "Train low-rank adapters instead of the model's weights: the reference policy is the model without them, so that one copy of it is enough.")
        LoraSpec lora,
    @JsonPropertyDescription(
            "Number format of the forward and backward pass; a processor without arithmetic in BF16 uses FP32 instead.")
        @Default("BF16")
        Precision precision,
    @JsonPropertyDescription(
            "Most tokens, padding included, in one forward and backward pass. If unset, 8192; on a CPU, unless the preset is Official, as many as find room for their activations, at least 512.")
        @Min(16)
        @Max(Limits.INT)
        Integer microBatchTokens,
    @JsonPropertyDescription("What is particular to the pod of this stage.") StagePod pod) {}
