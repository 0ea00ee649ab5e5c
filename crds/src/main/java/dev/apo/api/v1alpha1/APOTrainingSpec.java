package dev.apo.api.v1alpha1;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;

/** What to train, on what, and how. What decides the result cannot change. */
@ApiObject
@ValidationRule(value = "self.model == oldSelf.model", message = "model" + Limits.FIXED)
@ValidationRule(value = "self.data == oldSelf.data", message = "data" + Limits.FIXED)
@ValidationRule(value = "self.reward == oldSelf.reward", message = "reward" + Limits.FIXED)
@ValidationRule(value = "self.sampling == oldSelf.sampling", message = "sampling" + Limits.FIXED)
@ValidationRule(value = "self.preset == oldSelf.preset", message = "preset" + Limits.FIXED)
@ValidationRule(value = "self.algorithm == oldSelf.algorithm", message = "algorithm" + Limits.FIXED)
@ValidationRule(value = "self.evaluate == oldSelf.evaluate", message = "evaluate" + Limits.FIXED)
@ValidationRule(value = "self.storage == oldSelf.storage", message = "storage" + Limits.FIXED)
@ValidationRule(
    value =
        "self.estimate.samplesPerPrompt == oldSelf.estimate.samplesPerPrompt"
            + " && self.estimate.shards == oldSelf.estimate.shards"
            + " && has(self.estimate.table) == has(oldSelf.estimate.table)"
            + " && (!has(self.estimate.table) || self.estimate.table == oldSelf.estimate.table)",
    message = "estimate, except for parallelism and pod," + Limits.FIXED)
@ValidationRule(
    value =
        "self.train.epochs == oldSelf.train.epochs"
            + " && has(self.train.steps) == has(oldSelf.train.steps)"
            + " && (!has(self.train.steps) || self.train.steps == oldSelf.train.steps)"
            + " && self.train.batchSize == oldSelf.train.batchSize"
            + " && self.train.miniBatchSize == oldSelf.train.miniBatchSize"
            + " && self.train.learningRate == oldSelf.train.learningRate"
            + " && self.train.weightDecay == oldSelf.train.weightDecay"
            + " && self.train.maxGradNorm == oldSelf.train.maxGradNorm"
            + " && self.train.warmupSteps == oldSelf.train.warmupSteps"
            + " && self.train.schedule == oldSelf.train.schedule"
            + " && self.train.minLearningRateRatio == oldSelf.train.minLearningRateRatio"
            + " && self.train.seed == oldSelf.train.seed"
            + " && self.train.checkpointEvery == oldSelf.train.checkpointEvery"
            + " && self.train.evaluateEvery == oldSelf.train.evaluateEvery"
            + " && self.train.keepCheckpoints == oldSelf.train.keepCheckpoints"
            + " && has(self.train.earlyStopping) == has(oldSelf.train.earlyStopping)"
            + " && (!has(self.train.earlyStopping) || self.train.earlyStopping == oldSelf.train.earlyStopping)"
            + " && self.train.precision == oldSelf.train.precision"
            + " && has(self.train.microBatchTokens) == has(oldSelf.train.microBatchTokens)"
            + " && (!has(self.train.microBatchTokens) || self.train.microBatchTokens == oldSelf.train.microBatchTokens)",
    message = "train, except for pod," + Limits.FIXED)
@ValidationRule(
    value = "self.train.batchSize % self.train.miniBatchSize == 0",
    fieldPath = ".train.miniBatchSize",
    message = "train.batchSize must be a multiple of train.miniBatchSize: change one of them")
@ValidationRule(
    value = "!has(self.train.steps) || self.train.warmupSteps < self.train.steps",
    fieldPath = ".train.warmupSteps",
    message = "train.warmupSteps must be less than train.steps: lower the one or raise the other")
@ValidationRule(
    value =
        "!has(self.train.earlyStopping) || !has(self.train.earlyStopping.patience)"
            + " || self.train.evaluateEvery > 0",
    fieldPath = ".train.evaluateEvery",
    message =
        "train.earlyStopping needs evaluations: set train.evaluateEvery above 0 or remove"
            + " train.earlyStopping")
@ValidationRule(
    value =
        "!has(self.train.earlyStopping) || !has(self.train.earlyStopping.patience)"
            + " || has(self.data.eval)",
    fieldPath = ".train.earlyStopping",
    message = "train.earlyStopping needs accuracy: set data.eval or remove train.earlyStopping")
@ValidationRule(
    value =
        "self.algorithm.type == 'APO' || (self.algorithm.beta1 == 0.5"
            + " && self.algorithm.beta2 == 0.001 && !has(self.algorithm.samplesToUse))",
    fieldPath = ".algorithm",
    message =
        "algorithm.beta1, beta2 and samplesToUse apply to type APO only: remove them or set"
            + " algorithm.type to APO")
@ValidationRule(
    value = "self.algorithm.type == 'APO' || !self.algorithm.filterAllIncorrect",
    fieldPath = ".algorithm.filterAllIncorrect",
    message =
        "algorithm.filterAllIncorrect reads the value estimate, which type APO alone makes: remove"
            + " it (for type GRPO, grpo.dynamicSampling does the like)")
@ValidationRule(
    value =
        "self.algorithm.type == 'APO' || (!self.algorithm.filterAllCorrect"
            + " && self.algorithm.curriculum == 'None')",
    fieldPath = ".algorithm",
    message =
        "algorithm.filterAllCorrect and curriculum read the value estimate, which type APO alone"
            + " makes: remove them or set algorithm.type to APO")
@ValidationRule(
    value =
        "!has(self.algorithm.samplesToUse)"
            + " || self.algorithm.samplesToUse <= self.estimate.samplesPerPrompt",
    fieldPath = ".algorithm.samplesToUse",
    message =
        "algorithm.samplesToUse must not exceed estimate.samplesPerPrompt: lower the one or raise"
            + " the other")
@ValidationRule(
    value =
        "!has(self.reward.overlong)"
            + " || self.reward.overlong.bufferTokens <= self.sampling.maxNewTokens",
    fieldPath = ".reward.overlong.bufferTokens",
    message =
        "reward.overlong.bufferTokens must not exceed sampling.maxNewTokens: lower the one or raise"
            + " the other")
@ValidationRule(
    value = "self.evaluate.samples == 1 || self.evaluate.temperature > 0.0",
    fieldPath = ".evaluate.temperature",
    message =
        "evaluate.samples above 1 would all be the same at temperature 0: set"
            + " evaluate.temperature, for instance to 1.0, or evaluate.samples to 1")
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
    @JsonPropertyDescription("The estimate of the optimal values, for algorithm type APO.")
        @Default("{}")
        EstimateSpec estimate,
    @JsonPropertyDescription("The training.") @Default("{}") TrainSpec train,
    @JsonPropertyDescription("How accuracy is measured.") @Default("{}") EvaluateSpec evaluate,
    @JsonPropertyDescription("Where artifacts are kept.") @Required StorageSpec storage,
    @JsonPropertyDescription("What may be spent on the run.") @Default("{}")
        RunPolicySpec runPolicy,
    @JsonPropertyDescription("Kueue LocalQueue that admits the run; no queue if unset.")
        @Size(min = 1, max = 63)
        @Pattern(Limits.DNS_NAME)
        String queueName,
    @JsonPropertyDescription("Where metrics go beside metrics.jsonl.") @Default("{}")
        TrackingSpec tracking) {}
