package dev.apo.e2e;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toSet;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Looks all the time whether pods of different attempts at a stage live at once. */
final class LiveAttempts implements AutoCloseable {
  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private final Set<String> overlaps = ConcurrentHashMap.newKeySet();
  private final Cluster cluster;

  LiveAttempts(Cluster cluster) {
    this.cluster = cluster;
    clock.scheduleWithFixedDelay(this::look, 0, 200, TimeUnit.MILLISECONDS);
  }

  /** Stages of runs, with the attempts that lived at once. */
  Set<String> overlaps() {
    return overlaps;
  }

  private void look() {
    try {
      Map<String, Set<String>> attempts =
          cluster.pods().stream()
              .filter(pod -> !Set.of("Succeeded", "Failed").contains(pod.getStatus().getPhase()))
              .filter(pod -> label(pod, "stage") != null)
              .collect(
                  groupingBy(
                      pod -> label(pod, "training") + " " + label(pod, "stage"),
                      mapping(pod -> label(pod, "attempt"), toSet())));
      attempts.forEach(
          (stage, live) -> {
            if (live.size() > 1) {
              overlaps.add(stage + " " + live);
            }
          });
    } catch (KubernetesClientException e) {
      // The API server is being broken.
      return;
    }
  }

  private static String label(Pod pod, String name) {
    return pod.getMetadata().getLabels() == null
        ? null
        : pod.getMetadata().getLabels().get("apo.dev/" + name);
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
