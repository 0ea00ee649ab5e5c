package dev.apo.e2e;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.LocalPortForward;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.UploadObjectArgs;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** MinIO in a namespace of its own, with a bucket {@code apo} and a Secret for the runs. */
final class Storage implements AutoCloseable {
  static final String ACCESS = "canary-access-key";
  static final String SECRET = "canary-secret-key";

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
            .replace("ACCESS", ACCESS)
            .replace("SECRET", SECRET);
    cluster
        .client
        .load(new ByteArrayInputStream(manifests.getBytes(StandardCharsets.UTF_8)))
        .inNamespace(namespace)
        .create();
    cluster
        .client
        .pods()
        .inNamespace(namespace)
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
    try (LocalPortForward port = port()) {
      s3(port).makeBucket(MakeBucketArgs.builder().bucket("apo").build());
    }
  }

  /** What a manifest says of it. */
  String spec() {
    return "{uri: \"s3://apo/artifacts\", endpoint: \"http://minio.%s.svc:9000\", credentialsSecretRef: {name: s3}}"
        .formatted(namespace);
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
    return cluster.client.pods().inNamespace(namespace).withName("minio").portForward(9000);
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
