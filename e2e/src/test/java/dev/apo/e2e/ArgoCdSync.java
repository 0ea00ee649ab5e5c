package dev.apo.e2e;

import static dev.apo.e2e.Cluster.phase;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.api.v1alpha1.Phase;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.function.Predicate;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real Argo CD syncs samples/argocd/application.yaml from Git: {@code make e2e-argocd} runs it
 * alone.
 */
@Tag("slow")
class ArgoCdSync {
  private static final Path SAMPLES = Path.of("..", "samples", "argocd");
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  // Argo CD looks at a cluster every few seconds: what drifts, it shows within that time.
  private static final Duration LONG_ENOUGH_TO_DRIFT = Duration.ofSeconds(20);

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path directory;
  private static Cluster cluster;
  private static GitRepository git;

  @BeforeAll
  static void teachArgoCdOurHealth() throws Exception {
    cluster = new Cluster();
    var settings = cluster.client.configMaps().inNamespace("argocd").withName("argocd-cm");
    assertThat(settings.get())
        .as("Argo CD's settings: hack/cluster/addon argocd installs it")
        .isNotNull();
    git = GitRepository.create(directory);
    git.copy(Path.of("..", "charts", "apo-operator"), "charts/apo-operator");
    git.commit("The chart");
    settings.patch(
        PatchContext.of(PatchType.STRATEGIC_MERGE),
        Serialization.unmarshal(
            Files.readString(SAMPLES.resolve("argocd-cm.yaml")), ConfigMap.class));
  }

  @AfterAll
  static void tidyUp() {
    cluster
        .client
        .genericKubernetesResources("argoproj.io/v1alpha1", "Application")
        .inNamespace("argocd")
        .delete();
    cluster.close();
  }

  @Test
  void theOperatorsChartIsSyncedAndDoesNotDrift() throws Exception {
    // The images are those of the cluster, and the release is the one that helm has installed.
    apply(
        "apo-operator",
        sample(0)
            .replace("releaseName: apo-operator", "releaseName: apo")
            .replaceAll("registry: registry.example.com/apo", "registry: ''"));

    until("apo-operator", SYNCED.and(health("Healthy")));
    stays("apo-operator", "Synced");
    assertThat(cluster.operators()).isNotEmpty();
  }

  @Test
  void aTrainingGoesOnUntilItIsHealthyAndDoesNotDrift() throws Exception {
    commit("goes-on", training("goes-on", "", Map.of("FAKE_SECONDS_TRAIN", "15")));
    applyTrainings("goes-on");
    cluster.until("goes-on", phase(Phase.TRAINING));

    // By itself Argo CD sees a change of health, but not one of its message.
    JsonNode running =
        until(
            "goes-on",
            SYNCED
                .and(health("Progressing"))
                .and(
                    application -> {
                      refresh("goes-on");
                      return message("Training, ").test(application);
                    }));
    // Jobs and pods are no resources of the Application: nothing that it may adopt or prune.
    assertThat(running.at("/status/resources").findValuesAsText("kind"))
        .containsExactly("APOTraining");

    until("goes-on", SYNCED.and(health("Healthy")));
    stays("goes-on", "Synced");
    assertThat(generation("goes-on")).isEqualTo(1);
  }

  @Test
  void aTrainingThatFailsIsDegradedWithTheWorkersSentence() throws Exception {
    commit("fails", training("fails", "", Map.of("FAKE_EXIT_TRAIN", "65")));
    applyTrainings("fails");

    until("fails", health("Degraded").and(message("The fake worker was told to fail.")));
    stays("fails", "Synced");
  }

  @Test
  void aTrainingIsSuspendedAndResumedFromGit() throws Exception {
    commit("paused", training("paused", "suspend: true", Map.of()));
    applyTrainings("paused");
    until("paused", SYNCED.and(health("Suspended")));

    commit("paused", training("paused", "suspend: false", Map.of()));
    refresh("paused");
    until("paused", SYNCED.and(health("Healthy")));
  }

  @Test
  void aChangeOfWhatDecidesTheResultFailsTheSyncWithOurSentence() throws Exception {
    commit("fixed", training("fixed", "", Map.of()));
    applyTrainings("fixed");
    until("fixed", SYNCED.and(health("Healthy")));

    commit("fixed", training("fixed", "", Map.of()).replace("uri: s3://b/d", "uri: s3://b/other"));
    refresh("fixed");

    until(
        "fixed",
        application ->
            application
                .at("/status/operationState")
                .toString()
                .contains("decides the result and cannot change"));
    assertThat(cluster.training("fixed").get().getStatus().phase()).isEqualTo(Phase.SUCCEEDED);
  }

  @Test
  void aTrainingThatLeavesGitStays() throws Exception {
    commit("leaves", training("leaves", "", Map.of()));
    git.write("leaves/other.yaml", training("leaves-other", "", Map.of()));
    git.commit("Another");
    applyTrainings("leaves");
    until("leaves", SYNCED.and(health("Healthy")));

    String before = cluster.training("leaves").get().getMetadata().getUid();
    git.delete("leaves/training.yaml");
    git.commit("One leaves");
    refresh("leaves");

    until(
        "leaves",
        application -> application.at("/status/sync/status").asText().equals("OutOfSync"));
    // Pruning would bring it back into sync.
    stays("leaves", "OutOfSync");
    assertThat(cluster.training("leaves").get().getMetadata().getUid()).isEqualTo(before);
  }

  private static final Predicate<JsonNode> SYNCED =
      application -> application.at("/status/sync/status").asText().equals("Synced");

  private static Predicate<JsonNode> health(String status) {
    return application -> application.at("/status/health/status").asText().equals(status);
  }

  private static Predicate<JsonNode> message(String part) {
    return application ->
        application.at("/status/resources").findValuesAsText("message").stream()
            .anyMatch(message -> message.contains(part));
  }

  private static void stays(String name, String status) throws InterruptedException {
    var seen = new HashSet<String>();
    long end = System.nanoTime() + LONG_ENOUGH_TO_DRIFT.toNanos();
    refresh(name);
    while (System.nanoTime() < end) {
      seen.add(get(name).at("/status/sync/status").asText());
      Thread.sleep(200);
    }
    assertThat(seen).containsExactly(status);
  }

  private static long generation(String training) {
    return cluster.training(training).get().getMetadata().getGeneration();
  }

  private static void commit(String path, String manifest) throws Exception {
    git.write(path + "/training.yaml", manifest);
    git.commit(path);
  }

  /** A run of the shell worker with numbers and quantities that can be written in several ways. */
  private static String training(String name, String more, Map<String, String> knobs) {
    var env = new StringBuilder();
    knobs.forEach((knob, value) -> env.append("{name: %s, value: '%s'},".formatted(knob, value)));
    return """
        apiVersion: apo.dev/v1alpha1
        kind: APOTraining
        metadata: {name: %s}
        spec:
          model: {uri: s3://b/m}
          data: {train: {uri: s3://b/d}}
          reward: {type: ExactMatch}
          algorithm: {type: APO, beta1: 0.50, beta2: 1.0e-3}
          estimate: {shards: 2, pod: &pod {image: %s, env: [%s], resources: {limits: {cpu: 1000m, memory: 1024Mi}}}}
          train: {learningRate: 0.00001, steps: 10, pod: *pod}
          storage: {uri: s3://b/p}
          runPolicy: {maxRetries: 0}
          %s
        """
        .formatted(name, Cluster.SHELL_WORKER, env, more);
  }

  /** The Application of a sample's document, from our repository into our namespace. */
  private static String sample(int document) throws Exception {
    return Files.readString(SAMPLES.resolve("application.yaml"))
        .split("(?m)^---$")[document]
        .replaceAll("repoURL: .*", "repoURL: " + git.url());
  }

  private static void applyTrainings(String name) throws Exception {
    apply(
        name,
        sample(1)
            .replace("name: trainings", "name: " + name)
            .replace("path: trainings", "path: " + name)
            .replace("namespace: research", "namespace: " + cluster.namespace));
  }

  private static void apply(String name, String application) {
    assertThat(application).contains("name: " + name);
    cluster
        .client
        .resource(Serialization.unmarshal(application, GenericKubernetesResource.class))
        .serverSideApply();
  }

  /** Has Argo CD look at Git now; by itself it does so after up to three minutes. */
  private static void refresh(String name) {
    application(name)
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            "{\"metadata\": {\"annotations\": {\"argocd.argoproj.io/refresh\": \"normal\"}}}");
  }

  private static Resource<GenericKubernetesResource> application(String name) {
    return cluster
        .client
        .genericKubernetesResources("argoproj.io/v1alpha1", "Application")
        .inNamespace("argocd")
        .withName(name);
  }

  private static JsonNode get(String name) {
    return JSON.valueToTree(application(name).get());
  }

  private static JsonNode until(String name, Predicate<JsonNode> condition) {
    try {
      return await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(200))
          .until(() -> get(name), condition);
    } catch (ConditionTimeoutException e) {
      throw new AssertionError("it is " + Serialization.asYaml(application(name).get()), e);
    }
  }
}
