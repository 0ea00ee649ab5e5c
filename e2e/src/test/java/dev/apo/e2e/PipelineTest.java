package dev.apo.e2e;

import static dev.apo.e2e.Cluster.condition;
import static dev.apo.e2e.Cluster.phase;
import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.ConditionType;
import dev.apo.api.v1alpha1.Phase;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.LocalPortForward;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.minio.BucketExistsArgs;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.UploadObjectArgs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The quickstart on a cluster: real workers, real storage, fake GPUs. */
@Tag("slow")
class PipelineTest {
  private static final String ACCESS = "canary-access-key";
  private static final String SECRET = "canary-secret-key";
  private static final Path QUICKSTART = Path.of("..", "samples", "quickstart");
  private static Cluster cluster;
  private static String storage;

  @BeforeAll
  static void startStorageWithTheQuickstartsData() throws Exception {
    cluster = new Cluster();
    storage = cluster.namespace + "-storage";
    cluster
        .client
        .resource(new NamespaceBuilder().withNewMetadata().withName(storage).endMetadata().build())
        .create();
    String manifests =
        Files.readString(Path.of("src", "test", "resources", "minio.yaml"))
            .replace("ACCESS", ACCESS)
            .replace("SECRET", SECRET);
    cluster
        .client
        .load(new java.io.ByteArrayInputStream(manifests.getBytes()))
        .inNamespace(storage)
        .create();
    cluster
        .client
        .pods()
        .inNamespace(storage)
        .withName("minio")
        .waitUntilReady(90, TimeUnit.SECONDS);
    cluster
        .client
        .resource(
            new SecretBuilder()
                .withNewMetadata()
                .withName("s3")
                .withNamespace(cluster.namespace)
                .endMetadata()
                .addToStringData("AWS_ACCESS_KEY_ID", ACCESS)
                .addToStringData("AWS_SECRET_ACCESS_KEY", SECRET)
                .build())
        .create();
    try (LocalPortForward port =
        cluster.client.pods().inNamespace(storage).withName("minio").portForward(9000)) {
      MinioClient s3 = s3(port);
      if (!s3.bucketExists(BucketExistsArgs.builder().bucket("apo").build())) {
        s3.makeBucket(MakeBucketArgs.builder().bucket("apo").build());
      }
      for (Path file : files()) {
        s3.uploadObject(
            UploadObjectArgs.builder()
                .bucket("apo")
                .object("quickstart/" + QUICKSTART.relativize(file))
                .filename(file.toString())
                .build());
      }
    }
  }

  @AfterAll
  static void tidyUp() {
    cluster.client.namespaces().withName(storage).delete();
    cluster.close();
  }

  private static MinioClient s3(LocalPortForward port) {
    return MinioClient.builder()
        .endpoint("http://localhost:" + port.getLocalPort())
        .credentials(ACCESS, SECRET)
        .build();
  }

  private static List<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(QUICKSTART)) {
      return all.filter(Files::isRegularFile).toList();
    }
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
          storage: {uri: "s3://apo/artifacts", endpoint: "http://minio.%s.svc:9000", credentialsSecretRef: {name: s3}}
        """
            .formatted(name, beta2, storage));
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

    try (LocalPortForward port =
        cluster.client.pods().inNamespace(storage).withName("minio").portForward(9000)) {
      String model = adder.getStatus().artifacts().model().replace("s3://apo/", "");
      var objects =
          s3(port)
              .listObjects(
                  ListObjectsArgs.builder().bucket("apo").prefix(model).recursive(true).build());
      assertThat(objects)
          .anySatisfy(o -> assertThat(o.get().objectName()).endsWith("model.safetensors"));
    }
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
    assertThat(told.toString()).doesNotContain(ACCESS).doesNotContain(SECRET);
  }
}
