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
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opentest4j.TestAbortedException;

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

  /** Where a connection was meant to lead, in conntrack's list. */
  private static final Pattern FLOW = Pattern.compile("dst=(\\S+) sport=\\d+ dport=(\\d+)");

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
      Set<String> before = peers(cluster);
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
      cluster.until("lure", phase(Phase.SUCCEEDED), Duration.ofMinutes(3));
      Set<String> peers = peers(cluster);
      peers.removeAll(before);
      String trainer = cluster.pods("lure-train-1").get(0).getStatus().getPodIP() + ":8080";
      assertThat(peers).as("it is seen at all").contains(trainer);
      assertThat(peers)
          .isSubsetOf(
              cluster.pods().stream()
                  .filter(pod -> !pod.getMetadata().getName().equals("canary"))
                  .map(pod -> pod.getStatus().getPodIP() + ":8080")
                  .toList());
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

  /** Whom the operators have talked to in the last minutes. */
  private static Set<String> peers(Cluster cluster) throws Exception {
    Set<String> peers = new HashSet<>();
    for (Pod operator : cluster.operators()) {
      String address = operator.getStatus().getPodIP();
      Process conntrack;
      try {
        conntrack =
            new ProcessBuilder("conntrack", "-L", "-s", address)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
      } catch (IOException e) {
        throw new TestAbortedException("Connections of pods are not to be seen here", e);
      }
      String flows = new String(conntrack.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assumeTrue(conntrack.waitFor() == 0, "Connections of pods are not to be seen here");
      flows
          .lines()
          .map(FLOW::matcher)
          .filter(Matcher::find)
          .forEach(f -> peers.add(f.group(1) + ":" + f.group(2)));
    }
    return peers;
  }
}
