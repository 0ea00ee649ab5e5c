package dev.apo.e2e;

import java.nio.file.Path;

/** The quickstart's model and data, on a cluster. */
final class Quickstart {
  private static final Path FILES = Path.of("..", "samples", "quickstart");

  private Quickstart() {}

  static void upload(Storage storage) throws Exception {
    storage.upload(FILES, "quickstart/");
  }

  /** Creates the run: three shards of the estimate, 300 steps. */
  static void create(Cluster cluster, Storage storage, String name, String beta2) {
    cluster.create(
        """
        apiVersion: apo.dev/v1alpha1
        kind: APOTraining
        metadata: {name: %s}
        spec:
          model: {uri: s3://apo/quickstart/model}
          data:
            train: {uri: s3://apo/quickstart/train.jsonl}
            eval: {uri: s3://apo/quickstart/test.jsonl}
          reward: {type: ExactMatch}
          sampling: {maxPromptTokens: 16, maxNewTokens: 5}
          algorithm: {beta1: 0.5, beta2: %s}
          estimate:
            shards: 3
            parallelism: 2
            pod: &pod {resources: {limits: {nvidia.com/gpu: "1", memory: 2Gi}}}
          train:
            steps: 300
            batchSize: 64
            miniBatchSize: 64
            learningRate: 5.0e-5
            schedule: Cosine
            precision: FP32
            pod: *pod
          storage: %s
        """
            .formatted(name, beta2, storage.spec()));
  }
}
