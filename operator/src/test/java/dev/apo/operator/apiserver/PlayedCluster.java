package dev.apo.operator.apiserver;

import static org.awaitility.Awaitility.await;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.Condition;
import dev.apo.api.v1alpha1.Phase;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * A real API server where nothing runs but the operator: the test plays the Job controller and the
 * kubelet.
 */
public abstract class PlayedCluster {
  protected static final Duration PATIENCE = Duration.ofSeconds(60);
  protected static final String PREPARED =
      "{\"exitCode\":0,\"result\":{\"vstarKey\":\"key\",\"vstarReused\":%s,\"trainPrompts\":64}}";
  protected static final String ESTIMATED = "{\"exitCode\":0,\"result\":{\"reward\":0.5}}";
  protected static final String TRAINED =
      "{\"exitCode\":0,\"result\":{\"steps\":10,\"accuracy\":0.9},\"artifacts\":{\"model\":\"s3://b/model\"}}";

  /** Of the test's resource, which sets it. */
  protected KubeApi api;

  /** Not the operator's: it reads objects whole. */
  protected KubernetesClient client;

  @BeforeEach
  void connect() {
    client = api.client();
  }

  @AfterEach
  void tidyUp() {
    client.resources(APOTraining.class).inNamespace(KubeApi.NAMESPACE).delete();
    // There is no garbage collector here.
    client.batch().v1().jobs().inNamespace(KubeApi.NAMESPACE).withGracePeriod(0).delete();
    client.pods().inNamespace(KubeApi.NAMESPACE).withGracePeriod(0).delete();
    for (Job job : jobs()) {
      client
          .resource(job)
          .edit(j -> new JobBuilder(j).editMetadata().withFinalizers().endMetadata().build());
    }
    client.close();
  }

  protected void create(String name, String more) {
    client
        .resource(
            Serialization.unmarshal(
                """
                {"apiVersion": "apo.dev/v1alpha1", "kind": "APOTraining",
                 "metadata": {"name": "%s", "namespace": "test",
                              "labels": {"argocd.argoproj.io/instance": "app"}},
                 "spec": {%s "model": {"uri": "s3://b/m"}, "data": {"train": {"uri": "s3://b/d"}},
                          "reward": {"type": "ExactMatch"}, "storage": {"uri": "s3://b/p"}}}
                """
                    .formatted(name, more),
                io.fabric8.kubernetes.api.model.GenericKubernetesResource.class))
        .create();
  }

  protected APOTraining get(String name) {
    return client.resources(APOTraining.class).inNamespace(KubeApi.NAMESPACE).withName(name).get();
  }

  protected List<Job> jobs() {
    return client.batch().v1().jobs().inNamespace(KubeApi.NAMESPACE).list().getItems();
  }

  protected List<Event> events(APOTraining training) {
    return client
        .v1()
        .events()
        .inNamespace(KubeApi.NAMESPACE)
        .withField("involvedObject.uid", training.getMetadata().getUid())
        .list()
        .getItems();
  }

  protected APOTraining until(String name, Predicate<APOTraining> condition) {
    return await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> get(name), t -> t != null && t.getStatus() != null && condition.test(t));
  }

  protected static Predicate<APOTraining> phase(Phase phase) {
    return t -> t.getStatus().phase() == phase;
  }

  protected static Condition condition(APOTraining training, String type) {
    return training.getStatus().conditions().stream()
        .filter(c -> c.type().name().equals(type))
        .findFirst()
        .orElse(null);
  }

  protected static String reason(APOTraining training, String type) {
    Condition condition = condition(training, type);
    return condition == null ? null : condition.reason();
  }

  protected Job job(String name) {
    return await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> client.batch().v1().jobs().inNamespace(KubeApi.NAMESPACE).withName(name).get(),
            Objects::nonNull);
  }

  protected void succeed(String job, int index, String message) {
    end(job, index, "Succeeded", 0, message);
  }

  /** What the Job controller and the kubelet would do. */
  protected void end(String jobName, int index, String phase, int exitCode, String message) {
    Job job = job(jobName);
    Pod pod = owned(pod(job, index), job);
    client.resource(pod).create();
    end(pod, phase, exitCode, message);
  }

  /** The pod of a Job. */
  protected static Pod owned(PodBuilder pod, Job job) {
    return pod.editMetadata()
        .addNewOwnerReference()
        .withApiVersion("batch/v1")
        .withKind("Job")
        .withName(job.getMetadata().getName())
        .withUid(job.getMetadata().getUid())
        .withController(true)
        .endOwnerReference()
        .endMetadata()
        .build();
  }

  /** A pod that says it is of a Job, and that nobody owns. */
  protected static PodBuilder pod(Job job, int index) {
    String jobName = job.getMetadata().getName();
    return new PodBuilder()
        .withNewMetadata()
        .withName(jobName + "-" + index)
        .withNamespace(KubeApi.NAMESPACE)
        .withLabels(job.getSpec().getTemplate().getMetadata().getLabels())
        .addToLabels("batch.kubernetes.io/job-name", jobName)
        .addToAnnotations("batch.kubernetes.io/job-completion-index", String.valueOf(index))
        .endMetadata()
        .withNewSpec()
        .addNewContainer()
        .withName("worker")
        .withImage("fake")
        .endContainer()
        .endSpec();
  }

  protected void end(Pod pod, String phase, int exitCode, String message) {
    client
        .resource(pod)
        .editStatus(
            p ->
                new PodBuilder(p)
                    .withNewStatus()
                    .withPhase(phase)
                    .addNewContainerStatus()
                    .withName("worker")
                    .withImage("fake")
                    .withImageID("fake")
                    .withReady(false)
                    .withRestartCount(0)
                    .withNewState()
                    .withNewTerminated()
                    .withExitCode(exitCode)
                    .withMessage(message)
                    .withStartedAt("2026-01-01T00:00:00Z")
                    .withFinishedAt("2026-01-01T00:00:09Z")
                    .endTerminated()
                    .endState()
                    .endContainerStatus()
                    .endStatus()
                    .build());
  }

  protected void failJob(String name, String reason) {
    Job job = job(name);
    String now = "2026-01-01T00:00:10Z";
    client
        .resource(job)
        .editStatus(
            j ->
                new JobBuilder(j)
                    .withNewStatus()
                    .withStartTime("2026-01-01T00:00:00Z")
                    .withFailed(1)
                    .addNewCondition()
                    .withType("FailureTarget")
                    .withStatus("True")
                    .withReason(reason)
                    .withLastTransitionTime(now)
                    .endCondition()
                    .addNewCondition()
                    .withType("Failed")
                    .withStatus("True")
                    .withReason(reason)
                    .withMessage("the test said so")
                    .withLastTransitionTime(now)
                    .endCondition()
                    .endStatus()
                    .build());
  }
}
