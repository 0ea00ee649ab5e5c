package dev.apo.operator.health;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.operator.Labels;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import jakarta.inject.Singleton;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.jboss.logging.Logger;

/**
 * Liveness: down when the watch of Jobs or of pods has died without saying so. Once a minute it
 * compares the Job and the pods of one run with the caches; while nothing runs it asks the API
 * server for nothing.
 */
@Liveness
@Singleton
public final class StageWatchCheck implements HealthCheck {
  private static final Logger LOG = Logger.getLogger(StageWatchCheck.class);
  private static final int SECONDS = 60;

  private final KubernetesClient client;
  private final Lag<Key> jobs = new Lag<>();
  private final Lag<Key> pods = new Lag<>();
  private volatile Key silent;

  /** An object, and not another one of its name. */
  private record Key(String kind, ResourceID id, String uid) {
    static Key of(HasMetadata object) {
      return new Key(
          object.getKind(), ResourceID.fromResource(object), object.getMetadata().getUid());
    }
  }

  public StageWatchCheck(KubernetesClient client) {
    this.client = client;
  }

  /**
   * Starts to look.
   *
   * @param running a run that has a stage at work, if there is one
   */
  public void start(
      Supplier<Optional<APOTraining>> running,
      Function<ResourceID, Optional<Job>> cachedJob,
      Function<ResourceID, Optional<Pod>> cachedPod) {
    ScheduledExecutorService clock =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "watch-check");
              thread.setDaemon(true);
              return thread;
            });
    clock.scheduleWithFixedDelay(
        () -> running.get().ifPresent(run -> look(run, cachedJob, cachedPod)),
        SECONDS,
        SECONDS,
        TimeUnit.SECONDS);
  }

  /** Looks at a run. One that does not answer tells nothing about the watches. */
  public void look(
      APOTraining run,
      Function<ResourceID, Optional<Job>> cachedJob,
      Function<ResourceID, Optional<Pod>> cachedPod) {
    String namespace = run.getMetadata().getNamespace();
    String name = run.getMetadata().getName();
    try {
      List<Pod> podsThere =
          client.pods().inNamespace(namespace).withLabel(Labels.TRAINING, name).list().getItems();
      List<Job> jobsThere =
          client
              .batch()
              .v1()
              .jobs()
              .inNamespace(namespace)
              .withLabel(Labels.TRAINING, name)
              .list()
              .getItems();
      silent =
          Stream.of(look(jobs, jobsThere, cachedJob), look(pods, podsThere, cachedPod))
              .flatMap(Optional::stream)
              .findFirst()
              .orElse(null);
    } catch (KubernetesClientException e) {
      LOG.debugf("the watches are not looked at: %s", e.getMessage());
    }
  }

  private static <R extends HasMetadata> Optional<Key> look(
      Lag<Key> lag, List<R> there, Function<ResourceID, Optional<R>> cache) {
    Map<Key, Long> versions = new HashMap<>();
    there.forEach(object -> versions.put(Key.of(object), version(object)));
    return lag.look(
        versions,
        key ->
            cache
                .apply(key.id())
                .filter(cached -> Key.of(cached).equals(key))
                .map(StageWatchCheck::version)
                .orElse(0L));
  }

  private static long version(HasMetadata object) {
    return Long.parseLong(object.getMetadata().getResourceVersion());
  }

  @Override
  public HealthCheckResponse call() {
    Key dead = silent;
    var response = HealthCheckResponse.named("watch of stages").status(dead == null);
    if (dead != null) {
      response.withData("not seen again", dead.kind() + " " + dead.id());
    }
    return response.build();
  }
}
