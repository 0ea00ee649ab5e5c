package dev.apo.operator.observe;

import dev.apo.operator.Labels;
import dev.apo.operator.Stage;
import dev.apo.operator.decide.PodProgress;
import dev.apo.operator.decide.PodState;
import dev.apo.operator.decide.Reason;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** Reads what matters of a pod. */
final class PodReader {
  private static final String INDEX = "batch.kubernetes.io/job-completion-index";

  private PodReader() {}

  static PodState read(Pod pod, PodProgress progress) {
    Map<String, String> labels = pod.getMetadata().getLabels();
    Stage stage = Stage.of(labels.get(Labels.STAGE)).orElseThrow();
    ContainerState state = containerState(pod).orElse(null);
    ContainerStateTerminated end = state == null ? null : state.getTerminated();
    Instant started =
        end != null
            ? time(end.getStartedAt())
            : state != null && state.getRunning() != null
                ? time(state.getRunning().getStartedAt())
                : null;
    return new PodState(
        pod.getMetadata().getName(),
        stage,
        Integer.parseInt(labels.get(Labels.ATTEMPT)),
        index(pod),
        life(pod),
        pod.getStatus() == null ? null : pod.getStatus().getPodIP(),
        end == null ? null : end.getExitCode(),
        end != null && "OOMKilled".equals(end.getReason()),
        outOfDisk(pod),
        disruption(pod),
        end == null ? null : TerminationMessage.read(stage, end.getMessage()),
        trouble(pod, state),
        progress,
        started,
        end == null ? null : time(end.getFinishedAt()));
  }

  private static int index(Pod pod) {
    Map<String, String> annotations = pod.getMetadata().getAnnotations();
    String index = annotations == null ? null : annotations.get(INDEX);
    return index == null ? 0 : Integer.parseInt(index);
  }

  private static PodState.Life life(Pod pod) {
    String phase = pod.getStatus() == null ? null : pod.getStatus().getPhase();
    return switch (phase == null ? "Pending" : phase) {
      case "Succeeded" -> PodState.Life.SUCCEEDED;
      case "Failed" -> PodState.Life.FAILED;
      case "Pending" -> PodState.Life.PENDING;
      // Unknown: the node does not answer, and the pod may well run.
      default -> PodState.Life.RUNNING;
    };
  }

  private static Optional<ContainerState> containerState(Pod pod) {
    if (pod.getStatus() == null || pod.getStatus().getContainerStatuses() == null) {
      return Optional.empty();
    }
    return pod.getStatus().getContainerStatuses().stream()
        .filter(status -> "worker".equals(status.getName()))
        .map(ContainerStatus::getState)
        .filter(state -> state != null)
        .findFirst();
  }

  private static Optional<PodCondition> condition(Pod pod, String type) {
    if (pod.getStatus() == null || pod.getStatus().getConditions() == null) {
      return Optional.empty();
    }
    return pod.getStatus().getConditions().stream()
        .filter(condition -> type.equals(condition.getType()))
        .findFirst();
  }

  private static String disruption(Pod pod) {
    return condition(pod, "DisruptionTarget")
        .filter(condition -> "True".equals(condition.getStatus()))
        .map(condition -> condition.getReason() + ", " + condition.getMessage())
        .orElse(null);
  }

  /** The kubelet evicts for the node's sake, which is a disruption, or for a limit of the pod. */
  private static String outOfDisk(Pod pod) {
    boolean evicted = pod.getStatus() != null && "Evicted".equals(pod.getStatus().getReason());
    return evicted && disruption(pod) == null
        ? String.valueOf(pod.getStatus().getMessage()).strip().replaceAll("[.]$", "")
        : null;
  }

  private static PodState.Trouble trouble(Pod pod, ContainerState state) {
    Optional<PodCondition> scheduled =
        condition(pod, "PodScheduled")
            .filter(condition -> "Unschedulable".equals(condition.getReason()));
    String name = pod.getMetadata().getName();
    String disruption = disruption(pod);
    if (disruption != null) {
      return new PodState.Trouble(
          Reason.DISRUPTED, "Pod %s is being taken away: %s".formatted(name, disruption));
    }
    if (scheduled.isPresent()) {
      return new PodState.Trouble(
          Reason.POD_UNSCHEDULABLE,
          "Pod %s finds no node: %s".formatted(name, scheduled.get().getMessage()));
    }
    if (state == null || state.getWaiting() == null || state.getWaiting().getReason() == null) {
      return null;
    }
    String message = state.getWaiting().getMessage();
    return switch (state.getWaiting().getReason()) {
      case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull" ->
          new PodState.Trouble(
              Reason.IMAGE_UNAVAILABLE, "Pod %s cannot get its image: %s".formatted(name, message));
      case "CreateContainerConfigError", "CreateContainerError", "RunContainerError" ->
          new PodState.Trouble(
              Reason.POD_MISCONFIGURED, "Pod %s cannot start: %s".formatted(name, message));
      default -> null;
    };
  }

  private static Instant time(String time) {
    return time == null ? null : Instant.parse(time);
  }
}
