package dev.apo.worker.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.AlgorithmSpec;
import dev.apo.api.v1alpha1.AlgorithmType;
import dev.apo.api.v1alpha1.Curriculum;
import dev.apo.api.v1alpha1.EstimateSpec;
import dev.apo.api.v1alpha1.EvaluateSpec;
import dev.apo.api.v1alpha1.ExtractionMethod;
import dev.apo.api.v1alpha1.GrpoSpec;
import dev.apo.api.v1alpha1.GrpoVariant;
import dev.apo.api.v1alpha1.KlEstimatorType;
import dev.apo.api.v1alpha1.KlPlace;
import dev.apo.api.v1alpha1.LossAggregation;
import dev.apo.api.v1alpha1.PpoSpec;
import dev.apo.api.v1alpha1.Precision;
import dev.apo.api.v1alpha1.Preset;
import dev.apo.api.v1alpha1.RebelSpec;
import dev.apo.api.v1alpha1.RewardType;
import dev.apo.api.v1alpha1.RunPolicySpec;
import dev.apo.api.v1alpha1.SamplingSpec;
import dev.apo.api.v1alpha1.Schedule;
import dev.apo.api.v1alpha1.TrainSpec;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestReaderTest {
  private static final Path FILE = Path.of("/manifests/apo.yaml");

  @TempDir Path directory;

  @Test
  void minimalManifestGetsThePapersValues() {
    Manifest manifest = parse(Manifests.MINIMAL);
    APOTrainingSpec spec = manifest.spec();

    assertThat(manifest.namespace()).isEqualTo("default");
    assertThat(manifest.name()).isEqualTo("tiny");
    assertThat(manifest.baseDirectory()).isEqualTo(Path.of("/manifests"));
    assertThat(spec.suspend()).isFalse();
    assertThat(spec.data().promptField()).isEqualTo("prompt");
    assertThat(spec.data().answerField()).isEqualTo("answer");
    assertThat(spec.data().template()).isEqualTo("{prompt}");
    assertThat(spec.data().chatTemplate()).isFalse();
    assertThat(spec.data().eval()).isNull();
    assertThat(spec.reward().type()).isEqualTo(RewardType.MATH);
    assertThat(spec.reward().method()).isEqualTo(ExtractionMethod.STRICT);
    assertThat(spec.preset()).isEqualTo(Preset.PAPER);
    assertThat(spec.sampling()).isEqualTo(new SamplingSpec(1.0, 1.0, 0, 256, 1024));
    assertThat(spec.algorithm())
        .isEqualTo(
            new AlgorithmSpec(
                AlgorithmType.APO,
                0.5,
                0.001,
                false,
                false,
                Curriculum.NONE,
                null,
                null,
                null,
                null,
                null));
    assertThat(spec.estimate()).isEqualTo(new EstimateSpec(8, 1, null, null, null));
    assertThat(spec.train())
        .isEqualTo(
            new TrainSpec(
                25,
                null,
                256,
                128,
                1e-6,
                0.01,
                1.0,
                0,
                Schedule.CONSTANT,
                0.0,
                0L,
                50,
                50,
                2,
                null,
                null,
                Precision.BF16,
                null,
                null));
    assertThat(spec.evaluate()).isEqualTo(new EvaluateSpec(1, 0.0, null));
    assertThat(spec.runPolicy()).isEqualTo(new RunPolicySpec(3, null, 1800, null));
    assertThat(spec.queueName()).isNull();
  }

  @Test
  void theBlockOfTheTypeGetsItsDefaultsWhetherItIsWrittenOrNot() {
    AlgorithmSpec grpo = parse(Manifests.with("algorithm: {type: GRPO}")).spec().algorithm();
    AlgorithmSpec ppo = parse(Manifests.with("algorithm: {type: PPO}")).spec().algorithm();
    AlgorithmSpec rebel = parse(Manifests.with("algorithm: {type: REBEL}")).spec().algorithm();

    assertThat(grpo.grpo())
        .isEqualTo(
            new GrpoSpec(
                GrpoVariant.GRPO,
                8,
                1,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                KlEstimatorType.K3,
                null));
    assertThat(ppo.ppo())
        .isEqualTo(
            new PpoSpec(
                1,
                1,
                1.0,
                1.0,
                0.2,
                0.2,
                3.0,
                0.5,
                1e-5,
                LossAggregation.TOKEN_MEAN,
                KlPlace.REWARD,
                0.001,
                KlEstimatorType.K3));
    assertThat(rebel.rebel()).isEqualTo(new RebelSpec(1.0, 4, 0.05));
    assertThat(rebel.grpo()).isNull();
    assertThat(rebel.ppo()).isNull();
    assertThat(parse(Manifests.with("algorithm: {type: PPO, ppo: {}}")).spec().algorithm())
        .isEqualTo(ppo);
    assertThat(
            parse(Manifests.with("algorithm: {type: PPO, beta1: 0.5, beta2: 1e-3}"))
                .spec()
                .algorithm())
        .isEqualTo(ppo);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e-6", "1.0e-6", "1.0E-6", "0.000001", ".000001", "+1e-06"})
  void everyNotationOfANumberIsANumber(String notation) {
    assertThat(parse(Manifests.with("train: {learningRate: " + notation + "}")).spec().train())
        .extracting(TrainSpec::learningRate)
        .isEqualTo(1e-6);
  }

  @ParameterizedTest
  @ValueSource(strings = {"64", "64.0", "6.4e1", "0x40", "0o100"})
  void everyNotationOfAWholeNumberIsAWholeNumber(String notation) {
    assertThat(parse(Manifests.with("estimate: {shards: " + notation + "}")).spec().estimate())
        .extracting(EstimateSpec::shards)
        .isEqualTo(64);
  }

  @Test
  void nullMeansUnset() {
    APOTrainingSpec spec =
        parse(Manifests.with("train: {epochs: null, steps: ~, earlyStopping: {patience:}}")).spec();
    assertThat(spec.train().epochs()).isEqualTo(25);
    assertThat(spec.train().steps()).isNull();
    assertThat(spec.train().earlyStopping().patience()).isNull();
  }

  @Test
  void mergedBlocksAreReadAsOne() {
    String merged = Manifests.with("train:\n  <<: {epochs: 3, steps: 7}\n  steps: 9");
    assertThat(parse(merged).spec().train().epochs()).isEqualTo(3);
    assertThat(parse(merged).spec().train().steps()).isEqualTo(9);
  }

  @Test
  void kubernetesTypesAreRead() {
    APOTrainingSpec spec =
        parse(
                Manifests.with(
                    """
                    train:
                      pod:
                        image: example/worker:1
                        resources: {limits: {nvidia.com/gpu: 1, memory: 64Gi}}
                        nodeSelector: {gpu: h200}
                        tolerations: [{key: gpu, operator: Exists, effect: NoSchedule}]
                        env: [{name: A, value: "1"}]
                        volumes: [{name: scratch, emptyDir: {}}]
                        volumeMounts: [{name: scratch, mountPath: /scratch}]
                    """))
            .spec();
    assertThat(spec.train().pod().resources().getLimits().get("memory").toString())
        .isEqualTo("64Gi");
    assertThat(spec.train().pod().volumes().get(0).getEmptyDir()).isNotNull();
    assertThat(spec.train().pod().nodeSelector()).containsEntry("gpu", "h200");
  }

  @Test
  void whatKubectlPrintsCanBeReadBack() {
    String printed =
        Manifests.MINIMAL.replace(
                "metadata: {name: tiny}",
                "metadata: {name: tiny, namespace: ml, uid: a-b, generation: 3, labels: {a: b}}")
            + "status: {phase: Succeeded, anything: [1]}\n";
    assertThat(parse(printed).namespace()).isEqualTo("ml");
  }

  @Test
  void emptyDocumentsBesideTheManifestDoNotCount() {
    assertThat(parse("---\n" + Manifests.MINIMAL + "---\n").name()).isEqualTo("tiny");
  }

  @ParameterizedTest
  @MethodSource("badSpecs")
  void badSpecIsRefusedWithWhereAndWhatToDo(String lines, String message) {
    assertRefused(Manifests.with(lines), message);
  }

  static Stream<Arguments> badSpecs() {
    return Stream.of(
        arguments(
            "train: {epoch: 5}",
            ":10: spec.train.epoch is not a field of APOTraining v1alpha1; did you mean \"epochs\"?"),
        arguments(
            "train: {Epochs: 5}",
            ":10: spec.train.Epochs is not a field of APOTraining v1alpha1; did you mean \"epochs\"?"),
        arguments(
            "trian: {epochs: 5}",
            ":10: spec.trian is not a field of APOTraining v1alpha1; did you mean \"train\"?"),
        arguments(
            "train: {colour: red}",
            ":10: spec.train.colour is not a field of APOTraining v1alpha1; the fields of spec.train are batchSize, checkpointEvery, earlyStopping, epochs, evaluateEvery, keepCheckpoints, learningRate, lora, maxGradNorm, microBatchTokens, minLearningRateRatio, miniBatchSize, pod, precision, schedule, seed, steps, warmupSteps, weightDecay"),
        arguments(
            "trian:\n  epochs: 5",
            ":10: spec.trian is not a field of APOTraining v1alpha1; did you mean \"train\"?"),
        arguments(
            "train: {epochs: many}",
            ":10: spec.train.epochs must be a whole number, but is the text \"many\""),
        arguments(
            "train: {epochs: \"25\"}",
            ":10: spec.train.epochs must be a whole number, but is the text \"25\": remove the quotes"),
        arguments(
            "train: {epochs: 2.5}",
            ":10: spec.train.epochs must be a whole number, but is the number 2.5"),
        arguments("train: {epochs: 0}", ":10: spec.train.epochs must be at least 1, but is 0"),
        arguments(
            "train: {epochs: 99999999999}",
            ":10: spec.train.epochs must be at most 1000000, but is 99999999999"),
        arguments(
            "train: {learningRate: 0}",
            ":10: spec.train.learningRate must be greater than 0, but is 0"),
        arguments(
            "train: {learningRate: 1e-6x}",
            ":10: spec.train.learningRate must be a number, but is the text \"1e-6x\""),
        arguments(
            "train: {learningRate: .nan}",
            ":10: spec.train.learningRate must be a number, but is the number .nan"),
        arguments(
            "train: {learningRate: -1e-6}",
            ":10: spec.train.learningRate must be greater than 0, but is -1e-6"),
        arguments(
            "train: {learningRate: 1e999}",
            ":10: spec.train.learningRate must be at most 10, but is 1e999"),
        arguments(
            "train: {learningRate: 1e-999}",
            ":10: spec.train.learningRate must be greater than 0, but is 1e-999"),
        arguments(
            "sampling: {topK: 0x}",
            ":10: spec.sampling.topK must be a whole number, but is the text \"0x\""),
        arguments(
            "train: {seed: 9007199254740993}",
            ":10: spec.train.seed must be at most 9007199254740991, but is 9007199254740993"),
        arguments("train: 5", ":10: spec.train must be a block of fields, but is the number 5"),
        arguments("train: [1]", ":10: spec.train must be a block of fields, but is a list"),
        arguments(
            "train: {epochs: [1]}", ":10: spec.train.epochs must be a whole number, but is a list"),
        arguments(
            "train: {schedule: cosine}",
            ":10: spec.train.schedule must be one of Constant, Cosine, but is \"cosine\"; did you mean \"Cosine\"?"),
        arguments(
            "train: {precision: FP8}",
            ":10: spec.train.precision must be one of BF16, FP32, but is \"FP8\""),
        arguments(
            "train:\n  batchSize: 100",
            ":11: spec.train.miniBatchSize: train.batchSize must be a multiple of train.miniBatchSize: change one of them"),
        arguments(
            "train: {batchSize: 64}",
            ":10: spec.train.miniBatchSize: train.batchSize must be a multiple of train.miniBatchSize: change one of them"),
        arguments(
            "train:\n  steps: 10\n  warmupSteps: 10",
            ":12: spec.train.warmupSteps: train.warmupSteps must be less than train.steps: lower the one or raise the other"),
        arguments(
            "train: {earlyStopping: {patience: 2}}",
            ":10: spec.train.earlyStopping: train.earlyStopping needs accuracy: set data.eval or remove train.earlyStopping"),
        arguments(
            "train: {evaluateEvery: 0, earlyStopping: {patience: 2}}",
            ":10: spec.train.evaluateEvery: train.earlyStopping needs evaluations: set train.evaluateEvery above 0 or remove train.earlyStopping"),
        arguments("train:\n  epochs: 1\n  epochs: 2", ":12: spec.train.epochs is set twice"),
        arguments(
            "algorithm: {samplesToUse: 9}",
            ":10: spec.algorithm.samplesToUse: algorithm.samplesToUse must not exceed estimate.samplesPerPrompt: lower the one or raise the other"),
        arguments(
            "algorithm: {type: PPPO}",
            ":10: spec.algorithm.type must be one of APO, GRPO, PPO, REBEL, but is \"PPPO\"; did you mean \"PPO\"?"),
        arguments(
            "algorithm: {ppo: {}}",
            ":10: spec.algorithm.ppo: ppo applies to type PPO only: set algorithm.type to PPO or remove ppo"),
        arguments(
            "algorithm: {type: PPO, grpo: {variant: DAPO}}",
            ":10: spec.algorithm.grpo: grpo applies to type GRPO only: set algorithm.type to GRPO or remove grpo"),
        arguments(
            "algorithm: {type: GRPO, grpo: {}, rebel: {eta: 2}}",
            ":10: spec.algorithm.rebel: rebel applies to type REBEL only: set algorithm.type to REBEL or remove rebel"),
        arguments(
            "algorithm: {type: GRPO, grpo: {variant: Dapo}}",
            ":10: spec.algorithm.grpo.variant must be one of DAPO, DrGRPO, GRPO, GSPO, RLOO, but is \"Dapo\"; did you mean \"DAPO\"?"),
        arguments(
            "algorithm: {type: GRPO, grpo: {responsesPerPrompt: 1}}",
            ":10: spec.algorithm.grpo.responsesPerPrompt must be at least 2, but is 1"),
        arguments(
            "algorithm: {type: PPO, ppo: {dualClip: 1}}",
            ":10: spec.algorithm.ppo.dualClip must be greater than 1, but is 1"),
        arguments(
            "algorithm: {type: GRPO, beta2: 0.01}",
            ":10: spec.algorithm: algorithm.beta1, beta2 and samplesToUse apply to type APO only: remove them or set algorithm.type to APO"),
        arguments(
            "algorithm: {type: PPO, samplesToUse: 2}",
            ":10: spec.algorithm: algorithm.beta1, beta2 and samplesToUse apply to type APO only: remove them or set algorithm.type to APO"),
        arguments(
            "algorithm: {type: REBEL, filterAllIncorrect: true}",
            ":10: spec.algorithm.filterAllIncorrect: algorithm.filterAllIncorrect reads the value estimate, which type APO alone makes: remove it (for type GRPO, grpo.dynamicSampling does the like)"),
        arguments(
            "algorithm: {filterAllIncorrect: yes}",
            ":10: spec.algorithm.filterAllIncorrect must be true or false, but is the text \"yes\""),
        arguments(
            "algorithm: {beta2: 0}", ":10: spec.algorithm.beta2 must be greater than 0, but is 0"),
        arguments("sampling: {topP: 1.5}", ":10: spec.sampling.topP must be at most 1, but is 1.5"),
        arguments(
            "sampling: {temperature: 0}",
            ":10: spec.sampling.temperature must be greater than 0, but is 0"),
        arguments(
            "sampling: {maxNewTokens: 1e9}",
            ":10: spec.sampling.maxNewTokens must be at most 1048576, but is 1e9"),
        arguments(
            "evaluate: {samples: 32}",
            ":10: spec.evaluate.temperature: evaluate.samples above 1 would all be the same at temperature 0: set evaluate.temperature, for instance to 1.0, or evaluate.samples to 1"),
        arguments(
            "queueName: My Queue",
            ":10: spec.queueName cannot be \"My Queue\": Kueue LocalQueue that admits the run; no queue if unset. It must match ^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"),
        arguments(
            "queueName: \"\"", ":10: spec.queueName must have at least 1 character, but has none"),
        arguments(
            "suspend: \"true\"",
            ":10: spec.suspend must be true or false, but is the text \"true\""),
        arguments(
            "preset: paper",
            ":10: spec.preset must be one of Official, Paper, but is \"paper\"; did you mean \"Paper\"?"),
        arguments(
            "estimate: {pod: {image: 5}}",
            ":10: spec.estimate.pod.image must be text, but is the number 5: put it in quotes"),
        arguments(
            "estimate: {pod: {env: [{value: a}]}}",
            ":10: spec.estimate.pod.env[0].name is missing: it is required."),
        arguments(
            "estimate: {pod: {env: [null]}}",
            ":10: spec.estimate.pod.env[0] must be a block of fields, but is empty"),
        arguments(
            "estimate: {pod: {env: {A: b}}}",
            ":10: spec.estimate.pod.env must be a list, but is a block of fields"),
        arguments(
            "train: {pod: {resources: {limits: {cpu: 0.5}}}}",
            ":10: spec.train.pod.resources.limits.cpu must be a whole number or text, but is the number 0.5: put it in quotes"),
        arguments(
            "train: {pod: {volumes: [{name: a, emptydir: {}}]}}",
            ":10: spec.train.pod.volumes[0].emptydir is not a field of APOTraining v1alpha1; did you mean \"emptyDir\"?"),
        arguments(
            "train: {pod: {nodeSelector: {gpu: true}}}",
            ":10: spec.train.pod.nodeSelector.gpu must be text, but is true: put it in quotes"),
        arguments(
            "runPolicy: {stalledAfterSeconds: 1}",
            ":10: spec.runPolicy.stalledAfterSeconds must be at least 30, but is 1"),
        arguments("model: {uri: ./a}", ":10: spec.model is set twice"),
        arguments(
            "train: &a {pod: {affinity: *a}}",
            ":10: spec.train.pod.affinity.pod is not a field of APOTraining v1alpha1; the fields of spec.train.pod.affinity are nodeAffinity, podAffinity, podAntiAffinity"),
        arguments(
            "train: {pod: {serviceAccountName: A}}",
            ":10: spec.train.pod.serviceAccountName cannot be \"A\": Service account of the pod. It must match ^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"));
  }

  @ParameterizedTest
  @MethodSource("badRequiredFields")
  void badRequiredFieldIsRefused(String good, String bad, String message) {
    assertThat(Manifests.MINIMAL).contains(good);
    assertRefused(Manifests.MINIMAL.replace(good, bad), message);
  }

  static Stream<Arguments> badRequiredFields() {
    return Stream.of(
        arguments(
            "apiVersion: apo.dev/v1alpha1",
            "apiVersion: apo.dev/v1",
            ":1: apiVersion is apo.dev/v1; it must be apo.dev/v1alpha1"),
        arguments(
            "apiVersion: apo.dev/v1alpha1\n",
            "",
            ":1: apiVersion is missing: it must be apo.dev/v1alpha1"),
        arguments("kind: APOTraining", "kind: Job", ":2: kind is Job; it must be APOTraining"),
        arguments(
            "kind: APOTraining", "kind: {a: b}", ":2: kind is a block; it must be APOTraining"),
        arguments("kind: APOTraining\n", "", ":1: kind is missing: it must be APOTraining"),
        arguments(
            "metadata: {name: tiny}",
            "metadata: {}",
            ":3: metadata.name is missing: the run needs a name"),
        arguments(
            "metadata: {name: tiny}",
            "metadata: {name: Tiny Model}",
            ":3: metadata.name must be text of at most 63 lower-case letters and digits, with hyphens between them"),
        arguments(
            "metadata: {name: tiny}",
            "metadata: {name: 7}",
            ":3: metadata.name must be text of at most 63 lower-case letters and digits, with hyphens between them"),
        arguments(
            "metadata: {name: tiny}",
            "metadata: {name: a23456789-123456789-123456789-123456789-1}",
            ":1: metadata.name must have at most 40 characters, because Jobs and pods are named after it"),
        arguments(
            "metadata: {name: tiny}", "metadata: tiny", ":3: metadata must be a block of fields"),
        arguments("metadata: {name: tiny}\n", "", ":1: metadata is missing"),
        arguments(
            "metadata: {name: tiny}",
            "metadata: {name: tiny, namespace: a.b}",
            ":3: metadata.namespace must be text of at most 63 lower-case letters and digits, with hyphens between them"),
        arguments(
            "spec:",
            "Spec:",
            ":4: Spec is not a field of APOTraining v1alpha1; did you mean \"spec\"?"),
        arguments(
            "spec:",
            "specification:",
            ":4: specification is not a field of APOTraining v1alpha1; the fields of the document are apiVersion, kind, metadata, spec, status"),
        arguments(
            "model: {uri: ./model}",
            "model: {}",
            ":5: spec.model.uri is missing: Hugging Face model directory, or a file in it that ends in .gguf: s3://bucket/path, file:///path, hf://owner/name, hf://owner/name@revision, or a path from ./ or ../ relative to the manifest."),
        arguments(
            "model: {uri: ./model}",
            "model:",
            ":5: spec.model is missing: The model to start from."),
        arguments(
            "model: {uri: ./model}",
            "model: {uri: models/qwen}",
            ":5: spec.model.uri cannot be \"models/qwen\": Hugging Face model directory, or a file in it that ends in .gguf: s3://bucket/path, file:///path, hf://owner/name, hf://owner/name@revision, or a path from ./ or ../ relative to the manifest."),
        arguments(
            "model: {uri: ./model}",
            "model: {uri: hf://qwen}",
            ":5: spec.model.uri cannot be \"hf://qwen\": Hugging Face model directory, or a file in it that ends in .gguf: s3://bucket/path, file:///path, hf://owner/name, hf://owner/name@revision, or a path from ./ or ../ relative to the manifest."),
        arguments(
            "model: {uri: ./model}",
            "model: {uri: ./model, revision: main}",
            ":5: spec.model: revision applies to hf:// models only: remove it, or name the model as hf://owner/name"),
        arguments(
            "model: {uri: ./model}",
            "model: {uri: hf://a/b@v1, revision: v2}",
            ":5: spec.model: uri names a revision, and so does revision: remove one of them"),
        arguments(
            "model: {uri: ./model}",
            "model: ./model",
            ":5: spec.model must be a block of fields, but is the text \"./model\""),
        arguments(
            "train: {uri: ./train.jsonl}",
            "train: {uri: hf://a/b}",
            ":7: spec.data.train.uri cannot be \"hf://a/b\": File of rows, by its ending JSON Lines (.jsonl), a JSON array (.json), CSV with a header (.csv), each also with .gz, or Parquet (.parquet): s3://bucket/path, file:///path, hf://datasets/owner/name/file, or a path from ./ or ../ relative to the manifest; * in it matches what a name may have, ** any folders, and all matches are read in the order of their names."),
        arguments(
            "train: {uri: ./train.jsonl}",
            "train: {uri: ./t.jsonl, limit: 0}",
            ":7: spec.data.train.limit must be at least 1, but is 0"),
        arguments(
            "train: {uri: ./train.jsonl}",
            "train: {uri: ./t.jsonl}\n    systemPrompt: Be brief.",
            ":7: spec.data: systemPrompt is a part of the chat template: set chatTemplate to true, or write it into template"),
        arguments(
            "train: {uri: ./train.jsonl}",
            "train: {uri: ./t.jsonl}\n    template: \"{question}\"",
            ":7: spec.data: template must contain {prompt}, the place where the question goes"),
        arguments(
            "train: {uri: ./train.jsonl}",
            "eval: {uri: ./t.jsonl}",
            ":7: spec.data.train is missing: Questions to train on."),
        arguments(
            "reward: {type: Math}",
            "reward: {type: math}",
            ":8: spec.reward.type must be one of Arithmetic, Countdown, ExactMatch, GSM8K, Http, Math, SymbolicMath, but is \"math\"; did you mean \"Math\"?"),
        arguments(
            "reward: {type: Math}",
            "reward: {type: Http}",
            ":8: spec.reward: http is required for type Http and allowed for no other: set http.url, or choose another type"),
        arguments(
            "reward: {type: Math}",
            "reward: {type: Math, method: Flexible}",
            ":8: spec.reward: method applies to type GSM8K only: remove it"),
        arguments(
            "reward: {type: Math}",
            "reward: {type: Http, http: {url: \"ftp://x\"}}",
            ":8: spec.reward.http.url cannot be \"ftp://x\": http:// or https:// address that the responses to score are posted to, without user and fragment. It must match ^https?://[^\\s/?#@]+([/?][^\\s#]*)?$"),
        arguments(
            "reward: {type: Math}",
            "reward: {type: Math, http: {url: \"http://x\"}}",
            ":8: spec.reward: http is required for type Http and allowed for no other: set http.url, or choose another type"),
        arguments(
            "reward: {type: Math}",
            "reward: {type: Http, http: {url: \"http://me:secret@x/\"}}",
            ":8: spec.reward.http.url cannot be \"http://me:secret@x/\": http:// or https:// address that the responses to score are posted to, without user and fragment. It must match ^https?://[^\\s/?#@]+([/?][^\\s#]*)?$"),
        arguments(
            "reward: {type: Math}",
            "reward: {type: Math, also: [{type: GSM8K}, {type: Http}]}",
            ":8: spec.reward.also[1]: http is required for type Http and allowed for no other: set http.url, or choose another type"),
        arguments(
            "reward: {type: Math}",
            "reward: {type: Http, http: {url: \"http://x\"}, also: [{type: Http, http: {url: \"http://y\"}}]}",
            ":8: spec.reward: only one term may be of type Http: let one service do all of its scoring"),
        arguments(
            "reward: {type: Math}",
            "reward: {type: Math, also: []}",
            ":8: spec.reward.also must have at least 1 element, but has none"),
        arguments(
            "reward: {type: Math}",
            "reward: {type: Math, weight: 0}",
            ":8: spec.reward.weight must be greater than 0, but is 0"),
        arguments(
            "reward: {type: Math}",
            "reward: {type: Math, overlong: {}}",
            ":8: spec.reward.overlong.bufferTokens is missing: Number of tokens before sampling.maxNewTokens from which on the penalty grows from 0."),
        arguments(
            "reward: {type: Math}",
            "reward: {type: Math, overlong: {bufferTokens: 2000}}",
            ":8: spec.reward.overlong.bufferTokens: reward.overlong.bufferTokens must not exceed sampling.maxNewTokens: lower the one or raise the other"),
        arguments(
            "reward: {type: Math}",
            "reward: {type: Math, format: [{bonus: 1}]}",
            ":8: spec.reward.format[0].pattern is missing: Regular expression (RE2) to find in the response; a dot matches line ends too."),
        arguments(
            "storage: {uri: ../out}",
            "storage: {uri: s3:/bucket}",
            ":9: spec.storage.uri cannot be \"s3:/bucket\": Prefix of everything that is written: s3://bucket/prefix, file:///path, or a path from ./ or ../ relative to the manifest."),
        arguments(
            "storage: {uri: ../out}",
            "storage: {uri: \"file:///a b\"}",
            ":9: spec.storage.uri cannot be \"file:///a b\": Prefix of everything that is written: s3://bucket/prefix, file:///path, or a path from ./ or ../ relative to the manifest."),
        arguments(
            "storage: {uri: ../out}",
            "storage: {uri: \"file:///a%zz\"}",
            ":9: spec.storage.uri cannot be \"file:///a%zz\": Prefix of everything that is written: s3://bucket/prefix, file:///path, or a path from ./ or ../ relative to the manifest."),
        arguments(
            "storage: {uri: ../out}",
            "storage: {uri: ../out, endpoint: minio:9000}",
            ":9: spec.storage.endpoint cannot be \"minio:9000\": Address of an S3 service other than AWS. It must match ^https?://.+$"),
        arguments(
            "  storage: {uri: ../out}\n",
            "",
            ":5: spec.storage is missing: Where artifacts are kept."));
  }

  @ParameterizedTest
  @MethodSource("notManifests")
  void otherTextIsRefused(String text, String message) {
    assertRefused(text, message);
  }

  static Stream<Arguments> notManifests() {
    return Stream.of(
        arguments("", ": the file is empty; it must hold an APOTraining"),
        arguments("# nothing\n", ": the file is empty; it must hold an APOTraining"),
        arguments("---\n---\n", ": the file is empty; it must hold an APOTraining"),
        arguments("hello\n", ":1: the document must be an APOTraining, a block of fields"),
        arguments("- a\n", ":1: the document must be an APOTraining, a block of fields"),
        arguments("a: [1\n", ":2: this is not YAML: expected ',' or ']', but got <stream end>"),
        arguments(
            "a:\n\t- b\n",
            ":2: this is not YAML: found character '\\t(TAB)' that cannot start any token. (Do not use \\t(TAB) for indentation)"),
        arguments(
            "? [a]\n: b\n",
            ": this is not YAML: Non scalar key is detected but it is not configured to be allowed."),
        arguments("kind: APOTraining\nkind: Job\n", ":2: kind is set twice"),
        arguments("[".repeat(20_000), ": this is no manifest: it is nested too deeply"),
        arguments("a: *b\n", ":1: this is not YAML: found undefined alias b"),
        arguments(
            "{\"apiVersion\": \"apo.dev/v1alpha1\", \"kind\": \"APOTraining\", \"metadata\": {\"name\": \"a\"}, \"spec\": {\"modle\": 1}}",
            ":1: spec.modle is not a field of APOTraining v1alpha1; did you mean \"model\"?"),
        arguments(
            "apiVersion: apo.dev/v1alpha1\nkind: APOTraining\nmetadata: {name: a}\nspec:\n",
            ":1: spec is missing"),
        arguments(
            "apiVersion: apo.dev/v1alpha1\nkind: APOTraining\n---\nkind: Secret\n",
            ":4: the file holds 2 documents; it must hold one APOTraining"));
  }

  /** The library reads in pieces, and failed where one ended in the middle of a character. */
  @Test
  void anyCharacterMayStandAnywhere() {
    for (int length = 1000; length < 1050; length++) {
      String comment = "# " + "x".repeat(length) + "\uD83D\uDE00\n";
      assertThat(parse(comment + Manifests.MINIMAL).name()).isEqualTo("tiny");
    }
  }

  @Test
  void missingFileIsNotFound() {
    Path file = directory.resolve("none.yaml");
    assertFails(file, ExitCode.NOT_FOUND, file + " does not exist; check the path.");
  }

  @Test
  void directoryIsRefused() {
    assertFails(
        directory,
        ExitCode.BAD_MANIFEST,
        directory + " is a directory: name the manifest, a YAML file");
  }

  @Test
  void binaryFileIsRefused() throws IOException {
    Path file = Files.write(directory.resolve("a.yaml"), new byte[] {(byte) 0xff, 0, 1});
    assertFails(file, ExitCode.BAD_MANIFEST, file + " is not text in UTF-8");
  }

  @Test
  void hugeFileIsRefusedUnread() throws IOException {
    Path file = Files.write(directory.resolve("a.yaml"), new byte[2 << 20]);
    assertFails(
        file, ExitCode.BAD_MANIFEST, file + " is larger than 1 MiB, so it cannot be a manifest");
  }

  @Test
  void relativeAddressesStartFromTheManifest() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("my run.yaml"), Manifests.MINIMAL, StandardCharsets.UTF_8);
    Manifest manifest = ManifestReader.read(file);
    Files.createDirectory(directory.resolve("model"));

    assertThat(manifest.resolve(manifest.spec().model().uri()))
        .isEqualTo("file://" + directory + "/model");
    assertThat(manifest.resolve(manifest.spec().storage().uri()))
        .isEqualTo("file://" + directory.getParent() + "/out");
    assertThat(manifest.resolve("./a b")).isEqualTo("file://" + directory + "/a%20b");
    assertThat(manifest.resolve("s3://bucket/x")).isEqualTo("s3://bucket/x");
    assertThat(manifest.resolve("hf://a/b")).isEqualTo("hf://a/b");
    assertThat(manifest.resolve("file:///x")).isEqualTo("file:///x");
  }

  private static Manifest parse(String text) {
    return ManifestReader.parse(text, FILE);
  }

  private static void assertRefused(String text, String message) {
    ApoException refusal = catchThrowableOfType(ApoException.class, () -> parse(text));
    assertThat(refusal).as("refused").isNotNull();
    assertThat(refusal.getMessage()).isEqualTo(FILE + message);
    assertThat(refusal.exitCode()).isEqualTo(ExitCode.BAD_MANIFEST);
  }

  private static void assertFails(Path file, ExitCode exitCode, String message) {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> ManifestReader.read(file))
        .withMessage(message)
        .matches(e -> e.exitCode() == exitCode);
  }
}
