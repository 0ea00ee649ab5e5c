package dev.apo.operator.observe;

import dev.apo.operator.Labels;
import dev.apo.operator.Stage;
import dev.apo.operator.decide.JobState;
import dev.apo.operator.decide.PodState;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what matters of a Job. */
final class JobReader {
  /** How Kubernetes says which failure rule decided. */
  private static final Pattern RULE = Pattern.compile("rule at index (\\d+)");

  private JobReader() {}

  static JobState read(Job job, List<PodState> pods, PodState.Trouble trouble) {
    Map<String, String> labels = job.getMetadata().getLabels();
    Map<String, String> annotations = job.getMetadata().getAnnotations();
    JobStatus status = job.getStatus();
    return new JobState(
        job.getMetadata().getName(),
        job.getMetadata().getUid(),
        Stage.of(labels.get(Labels.STAGE)).orElseThrow(),
        Integer.parseInt(labels.get(Labels.ATTEMPT)),
        job.getMetadata().getDeletionTimestamp() != null,
        Boolean.TRUE.equals(job.getSpec().getSuspend()),
        condition(status, "Complete").isPresent(),
        failure(status),
        status == null || status.getFailed() == null ? 0 : status.getFailed(),
        annotations == null ? "" : annotations.getOrDefault(Labels.POD_SETTINGS, ""),
        trouble,
        pods);
  }

  private static JobState.JobFailure failure(JobStatus status) {
    return condition(status, "Failed")
        .map(
            failed -> {
              String message = failed.getMessage() == null ? "" : failed.getMessage();
              Matcher rule = RULE.matcher(message);
              return new JobState.JobFailure(
                  failed.getReason(), message, rule.find() ? Integer.valueOf(rule.group(1)) : null);
            })
        .orElse(null);
  }

  private static Optional<JobCondition> condition(JobStatus status, String type) {
    if (status == null || status.getConditions() == null) {
      return Optional.empty();
    }
    return status.getConditions().stream()
        .filter(c -> type.equals(c.getType()) && "True".equals(c.getStatus()))
        .findFirst();
  }
}
