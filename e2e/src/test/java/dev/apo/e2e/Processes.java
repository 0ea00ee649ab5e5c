package dev.apo.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Processes of pods, where they run on this machine and we may see them. */
final class Processes {
  private Processes() {}

  /** The operator's process in a pod; 0 if it is not to be seen. */
  static long operator(Pod pod) throws IOException {
    String name = "POD_NAME=" + pod.getMetadata().getName();
    return find(
        process ->
            words(process, "cmdline").contains("/opt/app/quarkus-run.jar")
                && words(process, "environ").contains(name));
  }

  /** MinIO's process; 0 if it is not to be seen. */
  static long minio() throws IOException {
    return find(process -> words(process, "cmdline").equals(List.of("/minio", "server", "/data")));
  }

  static void signal(String name, long process) throws Exception {
    int status = new ProcessBuilder("kill", "-" + name, Long.toString(process)).start().waitFor();
    assertThat(status).as("kill -%s", name).isZero();
  }

  private static long find(Predicate<Path> wanted) throws IOException {
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      return processes
          .filter(path -> path.getFileName().toString().matches("\\d+"))
          .filter(wanted)
          .mapToLong(path -> Long.parseLong(path.getFileName().toString()))
          .findFirst()
          .orElse(0);
    }
  }

  /** Empty if it has gone, or is not ours to see. */
  private static List<String> words(Path process, String file) {
    try {
      return List.of(Files.readString(process.resolve(file)).split("\0"));
    } catch (IOException e) {
      return List.of();
    }
  }
}
