package dev.apo.operator.observe;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.APOTrainingStatus;
import dev.apo.api.v1alpha1.StageStatus;
import dev.apo.operator.Labels;
import dev.apo.operator.Stage;
import dev.apo.operator.decide.JobState;
import dev.apo.operator.decide.Observation;
import dev.apo.operator.decide.PodProgress;
import dev.apo.operator.decide.PodState;
import dev.apo.operator.decide.Reason;
import dev.apo.operator.jobs.JobFactory;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Reads the world for a decision: from caches, and from the API server where a cache might be
 * behind and the difference matters.
 */
public final class Observer {
  /** A Job that should have had pods for so long is asked about. */
  private static final Duration NO_PODS = Duration.ofSeconds(3);

  private static final String JOB_NAME = "batch.kubernetes.io/job-name";

  private final KubernetesClient client;
  private final Function<String, PodProgress> progress;

  /**
   * @param progress what the pod of that name last said; null if nothing
   */
  public Observer(KubernetesClient client, Function<String, PodProgress> progress) {
    this.client = client;
    this.progress = progress;
  }

  /** Observes a resource, given what the caches hold under its name. */
  public Observation observe(
      APOTraining training, Collection<Job> cachedJobs, Collection<Pod> cachedPods, Instant now) {
    Map<String, Job> jobs = new HashMap<>();
    cachedJobs.stream()
        .filter(job -> isOf(training, job))
        .forEach(job -> jobs.put(job.getMetadata().getName(), job));
    recordedJobs(training.getStatus())
        .filter(name -> !jobs.containsKey(name))
        .forEach(name -> addIfThere(training, name, jobs));

    Map<String, List<PodState>> pods = new HashMap<>();
    cachedPods.stream()
        .filter(pod -> isOf(training, pod))
        .filter(pod -> isNoForgery(pod, jobs))
        .forEach(
            pod ->
                pods.computeIfAbsent(
                        pod.getMetadata().getLabels().get(JOB_NAME), name -> new ArrayList<>())
                    .add(PodReader.read(pod, progress.apply(pod.getMetadata().getName()))));

    List<JobState> states = new ArrayList<>();
    jobs.forEach(
        (name, job) -> {
          List<PodState> own = pods.getOrDefault(name, List.of());
          states.add(JobReader.read(job, own, trouble(job, own, now)));
        });
    pods.forEach(
        (name, strays) -> {
          if (!jobs.containsKey(name)) {
            states.add(remains(name, strays));
          }
        });
    return new Observation(
        training.getMetadata().getName(),
        training.getMetadata().getGeneration(),
        training.getSpec(),
        training.getStatus(),
        states,
        JobFactory.podSettings(training),
        null,
        now);
  }

  /** Whether it is of this very resource, not of one of the same name before it. */
  private static boolean isOf(APOTraining training, HasMetadata object) {
    Map<String, String> labels = object.getMetadata().getLabels();
    return labels != null
        && training.getMetadata().getUid().equals(labels.get(Labels.UID))
        && Stage.of(labels.get(Labels.STAGE)).isPresent();
  }

  /** Labels are anyone's; a pod of a Job that is there is the Job's own. */
  private static boolean isNoForgery(Pod pod, Map<String, Job> jobs) {
    Job job = jobs.get(pod.getMetadata().getLabels().get(JOB_NAME));
    return job == null
        || pod.getMetadata().getOwnerReferences().stream()
            .anyMatch(owner -> job.getMetadata().getUid().equals(owner.getUid()));
  }

  /** Jobs that should be there: an unfinished stage's present attempt. */
  private static Stream<String> recordedJobs(APOTrainingStatus status) {
    return status == null
        ? Stream.empty()
        : Stream.of(status.prepare(), status.estimate(), status.train())
            .filter(Objects::nonNull)
            .filter(stage -> stage.completionTime() == null && stage.retryTime() == null)
            .map(StageStatus::job)
            .filter(Objects::nonNull);
  }

  private void addIfThere(APOTraining training, String name, Map<String, Job> jobs) {
    Job job =
        client
            .batch()
            .v1()
            .jobs()
            .inNamespace(training.getMetadata().getNamespace())
            .withName(name)
            .get();
    if (job != null && isOf(training, job)) {
      jobs.put(name, job);
    }
  }

  /** Pods that outlive their Job: they must go before another attempt starts. */
  private static JobState remains(String name, List<PodState> pods) {
    PodState first = pods.get(0);
    return new JobState(
        name, "", first.stage(), first.attempt(), true, false, false, null, 0, "", null, pods);
  }

  /**
   * Why a Job has no pods: Kubernetes says that in Events only. Before the Job controller has begun
   * with the Job there are none, and the API server reads all Events of the namespace to find that
   * out.
   */
  private PodState.Trouble trouble(Job job, List<PodState> pods, Instant now) {
    boolean waiting =
        pods.isEmpty()
            && !Boolean.TRUE.equals(job.getSpec().getSuspend())
            && job.getMetadata().getDeletionTimestamp() == null
            && job.getStatus() != null
            && job.getStatus().getStartTime() != null
            && (job.getStatus().getConditions() == null
                || job.getStatus().getConditions().isEmpty());
    if (!waiting
        || Duration.between(Instant.parse(job.getStatus().getStartTime()), now).compareTo(NO_PODS)
            < 0) {
      return null;
    }
    return client
        .v1()
        .events()
        .inNamespace(job.getMetadata().getNamespace())
        .withField("involvedObject.uid", job.getMetadata().getUid())
        .withField("reason", "FailedCreate")
        .list()
        .getItems()
        .stream()
        .max(Comparator.comparing(event -> String.valueOf(event.getLastTimestamp())))
        .map(Event::getMessage)
        .map(
            message ->
                new PodState.Trouble(
                    Reason.PODS_REFUSED,
                    "No pod of Job %s is allowed: %s"
                        .formatted(job.getMetadata().getName(), message)))
        .orElse(null);
  }
}
