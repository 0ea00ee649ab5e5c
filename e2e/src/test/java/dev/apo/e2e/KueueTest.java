package dev.apo.e2e;

import static dev.apo.e2e.Cluster.phase;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.Phase;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Runs in a queue of a real Kueue: they wait, are evicted and come back. */
@Tag("kueue")
class KueueTest {
  private static final Map<String, String> KNOBS =
      Map.of("FAKE_SECONDS_PREPARE", "0", "FAKE_SECONDS_ESTIMATE", "0", "FAKE_SECONDS_TRAIN", "6");
  private static Cluster cluster;

  @BeforeAll
  static void makeTheSamplesQueue() throws Exception {
    cluster = new Cluster();
    String queues =
        Files.readString(Path.of("..", "samples", "kueue", "queues.yaml"))
            .replace("namespace: research", "namespace: " + cluster.namespace)
            .replace("metadata.name: research", "metadata.name: " + cluster.namespace);
    cluster.client.load(new java.io.ByteArrayInputStream(queues.getBytes())).serverSideApply();
  }

  @AfterAll
  static void tidyUp() {
    stop("None");
    cluster.close();
  }

  /** {@code None} admits, {@code Hold} lets nothing new in, {@code HoldAndDrain} evicts too. */
  private static void stop(String policy) {
    GenericKubernetesResource queue =
        cluster
            .client
            .genericKubernetesResources("kueue.x-k8s.io/v1beta2", "ClusterQueue")
            .withName("research")
            .get();
    cluster
        .client
        .resource(queue)
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            "{\"spec\": {\"stopPolicy\": \"" + policy + "\"}}");
  }

  @Test
  void aRunWaitsForItsQueueIsEvictedAndComesBack() {
    stop("Hold");
    cluster.create("queued", KNOBS, "\"queueName\": \"research\",");
    cluster.until("queued", phase(Phase.QUEUED));
    assertThat(cluster.pods("queued-prepare-1")).isEmpty();

    stop("None");
    cluster.runningPod("queued-train-1");
    cluster.until("queued", phase(Phase.TRAINING));

    stop("HoldAndDrain");
    cluster.until("queued", phase(Phase.QUEUED));
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                cluster.pods("queued-train-1").stream()
                    .noneMatch(pod -> "Running".equals(pod.getStatus().getPhase())));

    stop("None");
    APOTraining training = cluster.until("queued", phase(Phase.SUCCEEDED));
    assertThat(training.getStatus().train().failures()).isZero();
    // The worker that was told to leave ended with 143, which is a new attempt, and a free one.
    assertThat(training.getStatus().train().attempt()).isLessThanOrEqualTo(2);
  }
}
