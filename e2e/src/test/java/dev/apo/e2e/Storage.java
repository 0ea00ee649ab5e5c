package dev.apo.e2e;

import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.LocalPortForward;
import io.fabric8.kubernetes.client.dsl.RollableScalableResource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.readiness.Readiness;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.UploadObjectArgs;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * MinIO in a namespace of its own, with a bucket {@code apo} and a Secret for the runs. What it
 * holds outlives its pod, in the kubelet's directory of the node, and goes with the cluster.
 */
final class Storage implements AutoCloseable {
  static final String ACCESS = "canary-access-key";
  static final String SECRET = "canary-secret-key";

  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private final Cluster cluster;
  private final String namespace;

  Storage(Cluster cluster) throws Exception {
    this.cluster = cluster;
    namespace = cluster.namespace + "-storage";
    cluster
        .client
        .resource(
            new NamespaceBuilder().withNewMetadata().withName(namespace).endMetadata().build())
        .create();
    String manifests =
        Files.readString(Path.of("src", "test", "resources", "minio.yaml"))
            .replace("NAMESPACE", namespace)
            .replace("ACCESS", ACCESS)
            .replace("SECRET", SECRET);
    cluster
        .client
        .load(new ByteArrayInputStream(manifests.getBytes(StandardCharsets.UTF_8)))
        .inNamespace(namespace)
        .create();
    start();
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
    try (LocalPortForward port = port()) {
      s3(port).makeBucket(MakeBucketArgs.builder().bucket("apo").build());
    }
  }

  /** What a manifest says of it. */
  String spec() {
    return "{uri: \"s3://apo/artifacts\", endpoint: \"http://minio.%s.svc:9000\", credentialsSecretRef: {name: s3}}"
        .formatted(namespace);
  }

  /** Ends it, and with it all its connections. */
  void stop() {
    deployment().scale(0);
    await().atMost(PATIENCE).until(() -> pods().isEmpty());
  }

  /** Starts it where it is stopped, with all that it held. */
  void start() {
    serve("minio");
    deployment().scale(1);
    await().atMost(PATIENCE).until(() -> pods().stream().anyMatch(Readiness::isPodReady));
  }

  /** From now on another server answers, with 503, until it is started again. */
  void refuse() {
    serve("refuser");
  }

  private void serve(String app) {
    cluster
        .client
        .services()
        .inNamespace(namespace)
        .withName("minio")
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            "{\"spec\": {\"selector\": {\"app\": \"%s\"}}}".formatted(app));
  }

  private List<Pod> pods() {
    return cluster.client.pods().inNamespace(namespace).withLabel("app", "minio").list().getItems();
  }

  private RollableScalableResource<Deployment> deployment() {
    return cluster.client.apps().deployments().inNamespace(namespace).withName("minio");
  }

  /** Uploads all files of a directory, below a prefix. */
  void upload(Path directory, String prefix) throws Exception {
    try (LocalPortForward port = port();
        Stream<Path> files = Files.walk(directory)) {
      MinioClient s3 = s3(port);
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        s3.uploadObject(
            UploadObjectArgs.builder()
                .bucket("apo")
                .object(prefix + directory.relativize(file))
                .filename(file.toString())
                .build());
      }
    }
  }

  /** Names of the objects below an address. */
  List<String> objects(String uri) throws Exception {
    List<String> names = new ArrayList<>();
    try (LocalPortForward port = port()) {
      for (var object :
          s3(port)
              .listObjects(
                  ListObjectsArgs.builder()
                      .bucket("apo")
                      .prefix(uri.replace("s3://apo/", ""))
                      .recursive(true)
                      .build())) {
        names.add(object.get().objectName());
      }
    }
    return names;
  }

  private LocalPortForward port() {
    Pod pod = pods().stream().filter(Readiness::isPodReady).findFirst().orElseThrow();
    return cluster.client.pods().resource(pod).portForward(9000);
  }

  private static MinioClient s3(LocalPortForward port) {
    return MinioClient.builder()
        .endpoint("http://localhost:" + port.getLocalPort())
        .credentials(ACCESS, SECRET)
        .build();
  }

  @Override
  public void close() {
    cluster.client.namespaces().withName(namespace).delete();
  }
}
