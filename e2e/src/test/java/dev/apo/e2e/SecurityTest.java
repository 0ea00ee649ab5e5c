package dev.apo.e2e;

import static dev.apo.e2e.Cluster.condition;
import static dev.apo.e2e.Cluster.phase;
import static dev.apo.e2e.Cluster.reason;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.ConditionType;
import dev.apo.api.v1alpha1.Phase;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuotaBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a run gives its user on real pods, and whom the operator talks to (docs/security.md). */
class SecurityTest {
  private static final Map<String, String> QUICK =
      Map.of("FAKE_SECONDS_PREPARE", "0", "FAKE_SECONDS_ESTIMATE", "0", "FAKE_SECONDS_TRAIN", "0");

  /** The worker looks around, and fails with what it should not have found. */
  private static final String LOOK_AROUND =
      """
      found() { last_word "{\\"exitCode\\":65,\\"message\\":\\"$1\\"}"; exit 65; }
      [ ! -e /var/run/secrets/kubernetes.io ] || found token
      [ "$(id -u)" != 0 ] || found root
      ! touch /new || found writable
      status() { grep "^$1:" /proc/self/status | cut -f 2; }
      [ "$(status CapEff)$(status CapPrm)$(status CapBnd)" = \
        000000000000000000000000000000000000000000000000 ] || found capabilities
      [ "$(status NoNewPrivs)" = 1 ] || found privileges
      [ "$(status Seccomp)" = 2 ] || found syscalls
      """;

  private static Map<String, String> lookingAround() {
    Map<String, String> knobs = new TreeMap<>(QUICK);
    for (String stage : List.of("PREPARE", "ESTIMATE", "TRAIN")) {
      knobs.put("FAKE_RUN_" + stage, LOOK_AROUND);
    }
    return knobs;
  }

  /** In a namespace that enforces nothing, a pod is confined all the same. */
  @ParameterizedTest
  @ValueSource(strings = {"restricted", "privileged"})
  void aStageIsConfinedAndHasNoTokenWhateverTheNamespaceEnforces(String podSecurity) {
    try (Cluster cluster = new Cluster(podSecurity)) {
      cluster
          .client
          .resource(
              new ServiceAccountBuilder()
                  .withNewMetadata()
                  .withName("powerful")
                  .withNamespace(cluster.namespace)
                  .endMetadata()
                  .build())
          .create();
      cluster.create("confined", lookingAround(), "", "\"serviceAccountName\": \"powerful\",");
      cluster.until("confined", t -> t.getStatus().phase() == Phase.SUCCEEDED || hasFailed(t));
      assertThat(cluster.training("confined").get().getStatus())
          .satisfies(status -> assertThat(status.phase()).isEqualTo(Phase.SUCCEEDED));
    }
  }

  private static boolean hasFailed(APOTraining training) {
    return training.getStatus().phase() == Phase.FAILED;
  }

  /** Pod Security admission would let it pass: the image decides who runs. */
  @Test
  void anImageThatRunsAsRootDoesNotStart() {
    try (Cluster cluster = new Cluster("privileged")) {
      cluster.create("root", QUICK);
      cluster.patch(
          "root", "{\"spec\": {\"train\": {\"pod\": {\"image\": \"kc.local/busybox:1\"}}}}");
      APOTraining training =
          cluster.until("root", reason(ConditionType.TRAINED, "PodMisconfigured"));
      assertThat(condition(training, ConditionType.TRAINED).message()).contains("runAsNonRoot");
    }
  }

  @Test
  void aRunDoesNotPassTheQuota() {
    try (Cluster cluster = new Cluster()) {
      cluster
          .client
          .resource(
              new ResourceQuotaBuilder()
                  .withNewMetadata()
                  .withName("none")
                  .withNamespace(cluster.namespace)
                  .endMetadata()
                  .withNewSpec()
                  .addToHard("pods", new Quantity("0"))
                  .endSpec()
                  .build())
          .create();
      cluster.create("greedy", QUICK);
      APOTraining training = cluster.until("greedy", reason(ConditionType.PREPARED, "PodsRefused"));
      assertThat(condition(training, ConditionType.PREPARED).message()).contains("exceeded quota");
    }
  }

  /** All addresses of a manifest lead to a server that writes down who comes. */
  @Test
  void theOperatorTalksToTheApiServerAndToItsRunsPodsOnly() throws Exception {
    try (Cluster cluster = new Cluster("privileged")) {
      Set<Long> operators = new HashSet<>();
      for (Pod operator : cluster.operators()) {
        operators.add(Processes.operator(operator));
      }
      assumeTrue(!operators.contains(0L), "The operator's processes are not to be seen here");
      canary(cluster);
      String canary = "http://canary.%s.svc".formatted(cluster.namespace);
      cluster.create(
          """
          apiVersion: apo.dev/v1alpha1
          kind: APOTraining
          metadata: {name: lure}
          spec:
            model: {uri: hf://canary/model}
            data: {train: {uri: s3://b/d}}
            reward: {type: Http, http: {url: %1$s/score}}
            storage: {uri: s3://b/p, endpoint: %1$s}
            estimate:
              pod: &pod
                image: %2$s
                env:
                - {name: HF_ENDPOINT, value: %1$s}
                - {name: MLFLOW_TRACKING_URI, value: %1$s}
                - {name: FAKE_SECONDS_TRAIN, value: "25"}
            train: {pod: *pod}
          """
              .formatted(canary, Cluster.SHELL_WORKER));
      Set<String> peers = new HashSet<>();
      await()
          .atMost(Duration.ofSeconds(120))
          .pollInterval(Duration.ofMillis(100))
          .until(
              () -> {
                for (long operator : operators) {
                  peers.addAll(peers(operator));
                }
                return phase(Phase.SUCCEEDED).test(cluster.training("lure").get());
              });
      String trainer = cluster.pods("lure-train-1").get(0).getStatus().getPodIP() + ":8080";
      assertThat(peers).as("it is seen at all").contains(trainer);
      Set<String> allowed = new HashSet<>(Set.of(apiServer(cluster)));
      cluster.pods().stream()
          .filter(pod -> !pod.getMetadata().getName().equals("canary"))
          .forEach(pod -> allowed.add(pod.getStatus().getPodIP() + ":8080"));
      assertThat(peers).isSubsetOf(allowed);

      assertThat(visits(cluster)).isEmpty();
      try (var port =
          cluster
              .client
              .pods()
              .inNamespace(cluster.namespace)
              .withName("canary")
              .portForward(8000)) {
        URI.create("http://localhost:" + port.getLocalPort())
            .toURL()
            .openConnection()
            .getHeaderField(0);
      }
      await().until(() -> !visits(cluster).isEmpty());
    }
  }

  private static void canary(Cluster cluster) {
    cluster
        .client
        .load(
            new ByteArrayInputStream(
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: canary, labels: {app: canary}}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                  - name: canary
                    image: %s
                    command: [httpd, -f, -vv, -p, "8000"]
                    readinessProbe: {exec: {command: ["true"]}, periodSeconds: 1}
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: canary}
                spec: {selector: {app: canary}, ports: [{port: 80, targetPort: 8000}]}
                """
                    .formatted(Cluster.SHELL_WORKER)
                    .getBytes(StandardCharsets.UTF_8)))
        .inNamespace(cluster.namespace)
        .create();
    await()
        .until(
            () ->
                Readiness.isPodReady(
                    cluster.client.pods().inNamespace(cluster.namespace).withName("canary").get()));
  }

  private static String visits(Cluster cluster) {
    return cluster.client.pods().inNamespace(cluster.namespace).withName("canary").getLog();
  }

  private static String apiServer(Cluster cluster) {
    return cluster
            .client
            .services()
            .inNamespace("default")
            .withName("kubernetes")
            .get()
            .getSpec()
            .getClusterIP()
        + ":443";
  }

  /** Where the connections lead that a process's network namespace has opened over TCP. */
  private static Set<String> peers(long process) throws IOException {
    Set<String> peers = new HashSet<>();
    for (String table : List.of("tcp", "tcp6")) {
      for (String line : Files.readAllLines(Path.of("/proc/" + process + "/net/" + table))) {
        String[] fields = line.strip().split("\\s+");
        boolean listens = fields[2].endsWith(":0000");
        boolean header = fields[0].equals("sl");
        if (!header && !listens && port(fields[1]) != 8080) {
          peers.add(address(fields[2]) + ":" + port(fields[2]));
        }
      }
    }
    return peers;
  }

  private static int port(String socket) {
    return Integer.parseInt(socket.substring(socket.indexOf(':') + 1), 16);
  }

  /**
   * The kernel writes addresses as words in the machine's order; IPv4 may be the end of an IPv6.
   */
  private static String address(String socket) throws IOException {
    byte[] bytes = HexFormat.of().parseHex(socket.substring(0, socket.indexOf(':')));
    byte[] last = {
      bytes[bytes.length - 1],
      bytes[bytes.length - 2],
      bytes[bytes.length - 3],
      bytes[bytes.length - 4]
    };
    return InetAddress.getByAddress(last).getHostAddress();
  }
}
