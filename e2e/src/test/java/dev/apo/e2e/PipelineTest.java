package dev.apo.e2e;

import static dev.apo.e2e.Cluster.condition;
import static dev.apo.e2e.Cluster.phase;
import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.ConditionType;
import dev.apo.api.v1alpha1.Phase;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The quickstart on a cluster: real workers, real storage, fake GPUs. */
@Tag("slow")
class PipelineTest {
  private static final Path QUICKSTART = Path.of("..", "samples", "quickstart");
  private static Cluster cluster;
  private static Storage storage;

  @BeforeAll
  static void startStorageWithTheQuickstartsData() throws Exception {
    cluster = new Cluster();
    storage = new Storage(cluster);
    storage.upload(QUICKSTART, "quickstart/");
  }

  @AfterAll
  static void tidyUp() {
    storage.close();
    cluster.close();
  }

  private void create(String name, String beta2) {
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

  @Test
  void aModelLearnsToAddAndASecondRunFindsTheTable() throws Exception {
    create("adder", "0.01");
    APOTraining adder = cluster.until("adder", phase(Phase.SUCCEEDED), Duration.ofMinutes(5));
    var results = adder.getStatus().results();
    assertThat(results.train().accuracyBefore()).isLessThanOrEqualTo(0.75);
    assertThat(results.train().accuracy()).isGreaterThanOrEqualTo(0.9);
    assertThat(results.estimate().prompts()).isEqualTo(2000);

    create("sweep", "0.02");
    APOTraining sweep = cluster.until("sweep", phase(Phase.SUCCEEDED), Duration.ofMinutes(5));
    assertThat(condition(sweep, ConditionType.VALUE_ESTIMATED).reason()).isEqualTo("TableReused");
    assertThat(cluster.pods("sweep-estimate-1")).isEmpty();

    assertThat(storage.objects(adder.getStatus().artifacts().model()))
        .anyMatch(name -> name.endsWith("model.safetensors"));
    assertNoSecretIsTold();
  }

  private static void assertNoSecretIsTold() {
    StringBuilder told = new StringBuilder(cluster.operatorLog());
    cluster.events().forEach(event -> told.append(Serialization.asYaml(event)));
    cluster.jobs().forEach(job -> told.append(Serialization.asYaml(job)));
    cluster
        .pods()
        .forEach(
            pod ->
                told.append(
                    cluster
                        .client
                        .pods()
                        .inNamespace(cluster.namespace)
                        .withName(pod.getMetadata().getName())
                        .getLog()));
    told.append(Serialization.asYaml(cluster.training("adder").get()));
    assertThat(told.toString()).doesNotContain(Storage.ACCESS).doesNotContain(Storage.SECRET);
  }
}
