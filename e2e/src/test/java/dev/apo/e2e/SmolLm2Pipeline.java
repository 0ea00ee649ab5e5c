package dev.apo.e2e;

import static dev.apo.e2e.Cluster.phase;
import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.Phase;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A real model on a few problems of GSM8K's form: SmolLM2-135M, which {@code make test-smollm2}
 * puts into models/smollm2. {@code make e2e TEST=SmolLm2Pipeline} runs it alone.
 */
@Tag("slow")
class SmolLm2Pipeline {
  private static final Path MODEL = Path.of("..", "models", "smollm2");
  private static final Path PROBLEMS = Path.of("src", "test", "resources", "gsm8k");

  @Test
  void aRealModelTrainsOnMathematics() throws Exception {
    assertThat(MODEL.resolve("model.safetensors"))
        .as("the model, which make test-smollm2 makes")
        .exists();
    try (Cluster cluster = new Cluster();
        Storage storage = new Storage(cluster)) {
      storage.upload(MODEL, "smollm2/");
      storage.upload(PROBLEMS, "gsm8k/");
      cluster.create(
          """
          apiVersion: apo.dev/v1alpha1
          kind: APOTraining
          metadata: {name: gsm8k}
          spec:
            model: {uri: s3://apo/smollm2}
            data:
              train: {uri: s3://apo/gsm8k/train.jsonl}
              eval: {uri: s3://apo/gsm8k/test.jsonl}
              promptField: question
              answerField: answer
              template: "<|im_start|>user\\n{prompt}<|im_end|>\\n<|im_start|>assistant\\n"
            reward: {type: GSM8K, method: Flexible}
            sampling: {maxPromptTokens: 128, maxNewTokens: 48}
            algorithm: {beta1: 0.5, beta2: 0.001}
            estimate:
              samplesPerPrompt: 2
              shards: 2
              parallelism: 1
              pod: &pod {resources: {limits: {nvidia.com/gpu: "1", memory: 6Gi}}}
            train:
              steps: 2
              batchSize: 4
              miniBatchSize: 4
              learningRate: 1.0e-6
              precision: BF16
              evaluateEvery: 0
              pod: *pod
            storage: %s
          """
              .formatted(storage.spec()));
      APOTraining run = cluster.until("gsm8k", phase(Phase.SUCCEEDED), Duration.ofMinutes(15));
      assertThat(run.getStatus().results().estimate().prompts()).isEqualTo(8);
      assertThat(run.getStatus().results().train().steps()).isEqualTo(2);
      assertThat(storage.objects(run.getStatus().artifacts().model()))
          .anyMatch(name -> name.endsWith("model.safetensors"))
          .anyMatch(name -> name.endsWith("tokenizer.json"));
    }
  }
}
