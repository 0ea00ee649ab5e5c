package dev.apo.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.Condition;
import dev.apo.api.v1alpha1.ConditionType;
import dev.apo.api.v1alpha1.Phase;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;

/** A namespace of its own on the cluster of the kubeconfig. */
final class Cluster implements AutoCloseable {
  /** Where the operator is installed. */
  static final String OPERATOR_NAMESPACE = "apo-system";

  /** A worker in shell: no engine, no model, seconds. */
  static final String SHELL_WORKER = "kc.local/apo-shell-worker:1";

  private static final Duration PATIENCE = Duration.ofSeconds(90);

  final KubernetesClient client = new KubernetesClientBuilder().build();
  final String namespace = "e2e-" + UUID.randomUUID().toString().substring(0, 8);

  /** The namespace enforces the restricted Pod Security Standard. */
  Cluster() {
    this("restricted");
  }

  /**
   * Opens a namespace.
   *
   * @param podSecurity the Pod Security Standard that it enforces
   */
  Cluster(String podSecurity) {
    client
        .resource(
            new NamespaceBuilder()
                .withNewMetadata()
                .withName(namespace)
                .addToLabels("pod-security.kubernetes.io/enforce", podSecurity)
                .endMetadata()
                .build())
        .create();
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                client.serviceAccounts().inNamespace(namespace).withName("default").get() != null);
  }

  /**
   * Creates a run with the shell worker.
   *
   * @param knobs how the worker behaves: environment variables of its container
   */
  void create(String name, Map<String, String> knobs) {
    create(name, knobs, "");
  }

  /** The same, with more fields of the spec before the others. */
  void create(String name, Map<String, String> knobs, String more) {
    create(name, knobs, more, "");
  }

  /** The same, with more fields of the stages' pods before the others. */
  void create(String name, Map<String, String> knobs, String more, String morePod) {
    List<EnvVar> env =
        knobs.entrySet().stream()
            .map(knob -> new EnvVar(knob.getKey(), knob.getValue(), null))
            .toList();
    String pod =
        "{%s \"image\": \"%s\", \"env\": %s}"
            .formatted(morePod, SHELL_WORKER, Serialization.asJson(env));
    create(
        """
        {"apiVersion": "apo.dev/v1alpha1", "kind": "APOTraining",
         "metadata": {"name": "%s", "labels": {"argocd.argoproj.io/instance": "app"}},
         "spec": {%s "model": {"uri": "s3://b/m"}, "data": {"train": {"uri": "s3://b/d"}},
                  "reward": {"type": "ExactMatch"}, "storage": {"uri": "s3://b/p"},
                  "estimate": {"shards": 2, "pod": %s}, "train": {"pod": %s}}}
        """
            .formatted(name, more, pod, pod));
  }

  void create(String manifest) {
    var resource = Serialization.unmarshal(manifest, GenericKubernetesResource.class);
    client.resource(resource).inNamespace(namespace).create();
  }

  Resource<APOTraining> training(String name) {
    return client.resources(APOTraining.class).inNamespace(namespace).withName(name);
  }

  void patch(String name, String patch) {
    training(name).patch(PatchContext.of(PatchType.JSON_MERGE), patch);
  }

  APOTraining until(String name, Predicate<APOTraining> condition) {
    return until(name, condition, PATIENCE);
  }

  APOTraining until(String name, Predicate<APOTraining> condition, Duration patience) {
    try {
      return await()
          .atMost(patience)
          .pollInterval(Duration.ofMillis(100))
          .until(
              () -> training(name).get(),
              t -> t != null && t.getStatus() != null && condition.test(t));
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      throw new AssertionError("it is " + Serialization.asYaml(training(name).get()), e);
    }
  }

  static Predicate<APOTraining> phase(Phase phase) {
    return t -> t.getStatus().phase() == phase;
  }

  static Condition condition(APOTraining training, ConditionType type) {
    return training.getStatus().conditions().stream()
        .filter(c -> c.type() == type)
        .findFirst()
        .orElseThrow();
  }

  static Predicate<APOTraining> reason(ConditionType type, String reason) {
    return t ->
        t.getStatus().conditions().stream()
            .anyMatch(c -> c.type() == type && c.reason().equals(reason));
  }

  List<Pod> pods() {
    return client.pods().inNamespace(namespace).list().getItems();
  }

  List<Pod> pods(String job) {
    return client
        .pods()
        .inNamespace(namespace)
        .withLabel("batch.kubernetes.io/job-name", job)
        .list()
        .getItems();
  }

  Pod runningPod(String job) {
    return await()
        .atMost(PATIENCE)
        .until(
            () ->
                pods(job).stream()
                    .filter(pod -> pod.getStatus().getPhase().equals("Running"))
                    .findFirst()
                    .orElse(null),
            pod -> pod != null);
  }

  List<Job> jobs() {
    return client.batch().v1().jobs().inNamespace(namespace).list().getItems();
  }

  List<Event> events() {
    return client.v1().events().inNamespace(namespace).list().getItems();
  }

  /** Nothing of a run is left but its artifacts. */
  void untilNothingIsLeft() {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(jobs()).isEmpty();
              assertThat(pods()).isEmpty();
            });
  }

  /** Everything that the operators said since they started. */
  String operatorLog() {
    StringBuilder log = new StringBuilder();
    for (Pod pod : operators()) {
      log.append(
          client
              .pods()
              .inNamespace(OPERATOR_NAMESPACE)
              .withName(pod.getMetadata().getName())
              .getLog());
    }
    return log.toString();
  }

  List<Pod> operators() {
    return client
        .pods()
        .inNamespace(OPERATOR_NAMESPACE)
        .withLabel("app.kubernetes.io/name", "apo-operator")
        .list()
        .getItems();
  }

  @Override
  public void close() {
    client.namespaces().withName(namespace).delete();
    client.close();
  }
}
