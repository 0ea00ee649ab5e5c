package dev.apo.operator.decide;

import dev.apo.api.v1alpha1.APOTrainingSpec;
import dev.apo.api.v1alpha1.APOTrainingStatus;
import dev.apo.operator.Stage;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Everything that a decision rests on.
 *
 * @param name of the resource
 * @param generation of its spec
 * @param status as stored; null if there is none
 * @param jobs all Jobs that this very resource owns
 * @param podSettings digest of the settings of each stage's pods
 * @param refusal why the API server refused what was decided last; null if it did not
 * @param now the present time
 */
public record Observation(
    String name,
    long generation,
    APOTrainingSpec spec,
    APOTrainingStatus status,
    List<JobState> jobs,
    Map<Stage, String> podSettings,
    PodState.Trouble refusal,
    Instant now) {

  public Observation {
    jobs = List.copyOf(jobs);
    podSettings = Map.copyOf(podSettings);
  }

  /** The same, after the API server refused to create a Job. */
  public Observation refused(PodState.Trouble why) {
    return new Observation(name, generation, spec, status, jobs, podSettings, why, now);
  }

  /** A stage's Jobs, newest attempt first. */
  public List<JobState> jobs(Stage stage) {
    return jobs.stream()
        .filter(job -> job.stage() == stage)
        .sorted(Comparator.comparing(JobState::attempt).reversed())
        .toList();
  }

  /** The Job of one attempt. */
  public Optional<JobState> job(Stage stage, int attempt) {
    return jobs.stream()
        .filter(job -> job.stage() == stage && job.attempt() == attempt)
        .findFirst();
  }

  /** Whether pods wait in a queue before they start. */
  public boolean isQueueing() {
    return spec.queueName() != null;
  }

  /** Pods that a stage needs to be complete. */
  public int shards(Stage stage) {
    return stage == Stage.ESTIMATE ? spec.estimate().shards() : 1;
  }
}
