package dev.apo.operator.apiserver;

import static org.awaitility.Awaitility.await;

import io.fabric8.kubeapitest.KubeAPIServer;
import io.fabric8.kubeapitest.KubeAPIServerConfigBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A real kube-apiserver and etcd, without controllers and kubelets. Their binary is the cluster's
 * own: {@code hack/cluster/cluster build} makes it.
 */
public final class KubeApi implements AutoCloseable {
  private static final String VERSION = "1.34.4";
  private static final Path DIRECTORY = Path.of("target", "kube-api").toAbsolutePath();
  private static final Path DEFINITION = Path.of("..", "crds", "apotrainings.apo.dev-v1.yaml");
  public static final String NAMESPACE = "test";

  private final KubeAPIServer server;
  private final Config config;

  public KubeApi() {
    linkBinaries();
    server =
        new KubeAPIServer(
            KubeAPIServerConfigBuilder.anAPIServerConfig()
                .withTestDir(DIRECTORY.toString())
                .withOfflineMode(true)
                .withApiServerVersion(VERSION)
                .build());
    server.start();
    config = Config.fromKubeconfig(server.getKubeConfigYaml());
    try {
      install();
    } catch (RuntimeException e) {
      server.stop();
      throw e;
    }
  }

  private void install() {
    try (KubernetesClient client = client()) {
      client.load(Files.newInputStream(DEFINITION)).serverSideApply();
      client
          .apiextensions()
          .v1()
          .customResourceDefinitions()
          .withName("apotrainings.apo.dev")
          .waitUntilCondition(KubeApi::isEstablished, 30, TimeUnit.SECONDS);
      client
          .namespaces()
          .resource(
              new NamespaceBuilder().withNewMetadata().withName(NAMESPACE).endMetadata().build())
          .serverSideApply();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isEstablished(
      io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition definition) {
    return definition != null
        && definition.getStatus() != null
        && definition.getStatus().getConditions() != null
        && definition.getStatus().getConditions().stream()
            .anyMatch(c -> c.getType().equals("Established") && c.getStatus().equals("True"));
  }

  public KubernetesClient client() {
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  public Config config() {
    return config;
  }

  Path certificate(String file) {
    return DIRECTORY.resolve(file);
  }

  /** The process of {@code etcd} or {@code kube-apiserver}. */
  public ProcessHandle process(String part) {
    return ProcessHandle.current()
        .descendants()
        .filter(process -> arguments(process).contains(part))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> arguments(ProcessHandle process) {
    try {
      return List.of(
          Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline")).split("\0"));
    } catch (IOException e) {
      return List.of(); // It has gone.
    }
  }

  /** Starts another API server on the same etcd, and waits until it is ready. */
  public Another another() throws IOException {
    List<String> arguments = new ArrayList<>(arguments(process("kube-apiserver")));
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    arguments.set(arguments.indexOf("--secure-port") + 1, Integer.toString(port));
    Another another =
        new Another(
            new ProcessBuilder(arguments)
                .redirectErrorStream(true)
                .redirectOutput(DIRECTORY.resolve("another.log").toFile())
                .start(),
            URI.create("https://127.0.0.1:" + port));
    Config there = new ConfigBuilder(config).withMasterUrl(another.url().toString()).build();
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(there).build()) {
      await()
          .atMost(Duration.ofMinutes(2))
          .ignoreExceptions()
          .until(() -> "ok".equals(client.raw("/readyz")));
    }
    return another;
  }

  /** An API server of its own process. */
  public record Another(Process process, URI url) implements AutoCloseable {
    @Override
    public void close() {
      process.destroy();
    }
  }

  /** One program is all of Kubernetes; its first argument says which part. */
  private static void linkBinaries() {
    String cache = System.getenv().getOrDefault("KC_CACHE", "/var/cache/kc");
    Path kube = Path.of(cache, "bin", "kube");
    if (!Files.isExecutable(kube)) {
      throw new IllegalStateException(
          "There is no " + kube + ": run hack/cluster/cluster build, which make test does.");
    }
    Path binaries = DIRECTORY.resolve("k8s").resolve(VERSION + "-linux-amd64");
    try {
      Files.createDirectories(binaries);
      for (String part : List.of("etcd", "kube-apiserver", "kubectl")) {
        Path shim = binaries.resolve(part);
        Files.writeString(shim, "#!/bin/sh\nexec " + kube + " " + part + " \"$@\"\n");
        if (!shim.toFile().setExecutable(true)) {
          throw new IOException("cannot make " + shim + " executable");
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    server.stop();
  }
}
