package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** What to train, on what, and how. */
@ApiObject
@ValidationRule(
    value = "self.model == oldSelf.model",
    message = "model decides the result and cannot change: create another APOTraining")
@ValidationRule(
    value = "self.data == oldSelf.data",
    message = "data decides the result and cannot change: create another APOTraining")
@ValidationRule(
    value = "self.reward == oldSelf.reward",
    message = "reward decides the result and cannot change: create another APOTraining")
@ValidationRule(
    value = "self.sampling == oldSelf.sampling",
    message = "sampling decides the result and cannot change: create another APOTraining")
@ValidationRule(
    value = "self.preset == oldSelf.preset",
    message = "preset decides the result and cannot change: create another APOTraining")
@ValidationRule(
    value = "self.algorithm == oldSelf.algorithm",
    message = "algorithm decides the result and cannot change: create another APOTraining")
@ValidationRule(
    value = "self.evaluate == oldSelf.evaluate",
    message = "evaluate decides the result and cannot change: create another APOTraining")
@ValidationRule(
    value = "self.storage == oldSelf.storage",
    message = "storage decides the result and cannot change: create another APOTraining")
@ValidationRule(
    value =
        "self.estimate.samplesPerPrompt == oldSelf.estimate.samplesPerPrompt && self.estimate.shards == oldSelf.estimate.shards",
    message =
        "estimate.samplesPerPrompt and estimate.shards are fixed once the estimate is planned: create another APOTraining")
@ValidationRule(
    value =
        "self.train.epochs == oldSelf.train.epochs && self.train.?steps == oldSelf.train.?steps && self.train.batchSize == oldSelf.train.batchSize && self.train.miniBatchSize == oldSelf.train.miniBatchSize && self.train.learningRate == oldSelf.train.learningRate && self.train.weightDecay == oldSelf.train.weightDecay && self.train.maxGradNorm == oldSelf.train.maxGradNorm && self.train.warmupSteps == oldSelf.train.warmupSteps && self.train.schedule == oldSelf.train.schedule && self.train.minLearningRateRatio == oldSelf.train.minLearningRateRatio && self.train.seed == oldSelf.train.seed && self.train.checkpointEvery == oldSelf.train.checkpointEvery && self.train.evaluateEvery == oldSelf.train.evaluateEvery && self.train.keepCheckpoints == oldSelf.train.keepCheckpoints && self.train.?earlyStopping == oldSelf.train.?earlyStopping && self.train.precision == oldSelf.train.precision && self.train.?microBatchTokens == oldSelf.train.?microBatchTokens",
    message =
        "train decides the result and cannot change, except for train.pod: create another APOTraining")
@ValidationRule(
    value =
        "!has(self.algorithm.samplesToUse) || self.algorithm.samplesToUse <= self.estimate.samplesPerPrompt",
    message =
        "algorithm.samplesToUse must not exceed estimate.samplesPerPrompt: lower the one or raise the other")
@ValidationRule(
    value =
        "!has(self.train.earlyStopping) || !has(self.train.earlyStopping.patience) || has(self.data.eval)",
    message = "train.earlyStopping needs accuracy: set data.eval or remove train.earlyStopping")
public record APOTrainingSpec(
    @JsonPropertyDescription(
            "Whether the run is paused: true stops its pods after a checkpoint, false goes on.")
        @Default("false")
        Boolean suspend,
    @JsonPropertyDescription("The model to start from.") @Required ModelSpec model,
    @JsonPropertyDescription("Questions and answers.") @Required DataSpec data,
    @JsonPropertyDescription("How responses are scored.") @Required RewardSpec reward,
    @JsonPropertyDescription("How responses are sampled.") @Default("{}") SamplingSpec sampling,
    @JsonPropertyDescription(
            "What decides where the manifest is silent: Paper, or Official for the released code with what it does beyond the paper.")
        @Default("Paper")
        Preset preset,
    @JsonPropertyDescription("The training algorithm.") @Default("{}") AlgorithmSpec algorithm,
    @JsonPropertyDescription("The estimate of the optimal values.") @Default("{}")
        EstimateSpec estimate,
    @JsonPropertyDescription("The training.") @Default("{}") TrainSpec train,
    @JsonPropertyDescription("How accuracy is measured.") @Default("{}") EvaluateSpec evaluate,
    @JsonPropertyDescription("Where artifacts are kept.") @Required StorageSpec storage,
    @JsonPropertyDescription("What may be spent on the run.") @Default("{}")
        RunPolicySpec runPolicy,
    @JsonPropertyDescription("Kueue LocalQueue that admits the run; no queue if unset.")
        @Size(min = 1, max = 63)
        @Pattern(Limits.DNS_NAME)
        String queueName) {}
