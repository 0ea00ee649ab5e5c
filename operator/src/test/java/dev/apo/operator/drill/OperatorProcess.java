package dev.apo.operator.drill;

import dev.apo.operator.apiserver.KubeApi;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The operator in a process of its own, as its image runs it. */
final class OperatorProcess implements AutoCloseable {
  private static final Path JAR = Path.of("target", "quarkus-app", "quarkus-run.jar");

  private final Process process;

  /**
   * Starts it.
   *
   * @param name identity of the replica
   * @param api address of the API server
   */
  OperatorProcess(String name, String api) {
    ProcessBuilder builder =
        new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx160m",
                "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                "-jar",
                JAR.toString()));
    builder
        .environment()
        .putAll(
            Map.of(
                "POD_NAME",
                name,
                "POD_NAMESPACE",
                KubeApi.NAMESPACE,
                "KUBECONFIG",
                "/nowhere",
                "QUARKUS_HTTP_PORT",
                "0",
                "QUARKUS_KUBERNETES_CLIENT_API_SERVER_URL",
                api,
                "QUARKUS_KUBERNETES_CLIENT_NAMESPACE",
                KubeApi.NAMESPACE));
    try {
      process =
          builder
              .redirectErrorStream(true)
              .redirectOutput(
                  ProcessBuilder.Redirect.appendTo(new File("target/operator-" + name + ".log")))
              .start();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** {@code KILL}, {@code STOP} or {@code CONT}. */
  void signal(String name) {
    try {
      int status = new ProcessBuilder("kill", "-" + name, "" + process.pid()).start().waitFor();
      if (status != 0) {
        throw new IllegalStateException("kill -" + name + " ended with " + status);
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
