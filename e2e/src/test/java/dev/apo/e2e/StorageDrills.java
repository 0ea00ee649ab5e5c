package dev.apo.e2e;

import static dev.apo.e2e.Cluster.phase;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.Phase;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Object storage goes away below real workers. {@code make drills-cluster} runs it. */
class StorageDrills {
  private static final Duration LONG = Duration.ofMinutes(15);
  private static final long OUTAGE = Duration.ofSeconds(60).toMillis();

  private Cluster cluster;
  private Storage storage;

  @BeforeEach
  void open() throws Exception {
    cluster = new Cluster();
    storage = new Storage(cluster);
    Quickstart.upload(storage);
  }

  @AfterEach
  void tidyUp() {
    storage.close();
    cluster.close();
  }

  private void untilItTrains(String name) {
    cluster.until(
        name,
        t -> t.getStatus().phase() == Phase.TRAINING && t.getStatus().train().progress() != null,
        LONG);
  }

  private void assertNothingIsLost(String name) throws Exception {
    APOTraining training =
        cluster.until(name, t -> phase(Phase.SUCCEEDED).or(phase(Phase.FAILED)).test(t), LONG);
    assertThat(training.getStatus().phase())
        .as(() -> training.getStatus().conditions().toString())
        .isEqualTo(Phase.SUCCEEDED);
    var results = training.getStatus().results();
    assertThat(results.estimate().prompts()).isEqualTo(2000);
    assertThat(results.train().steps()).isEqualTo(300);
    assertThat(results.train().accuracy()).isGreaterThanOrEqualTo(0.9);
    assertThat(storage.objects(training.getStatus().artifacts().model()))
        .anyMatch(object -> object.endsWith("model.safetensors"));
  }

  @Test
  void aRunOutlivesStorageThatIsDown() throws Exception {
    Quickstart.create(cluster, storage, "down", "0.01");
    cluster.runningPod("down-estimate-1");
    storage.stop();
    Thread.sleep(OUTAGE);
    storage.start();
    untilItTrains("down");
    storage.stop();
    Thread.sleep(OUTAGE);
    storage.start();
    Instant back = Instant.now();
    assertNothingIsLost("down");
    Drill.passed("storage down for 60 s in the estimate and in training", "nothing", back);
  }

  @Test
  void aRunOutlivesStorageThatRefusesAndThatHangs() throws Exception {
    Quickstart.create(cluster, storage, "refused", "0.01");
    cluster.runningPod("refused-estimate-1");
    storage.stop();
    storage.refuse();
    Thread.sleep(OUTAGE);
    storage.start();
    untilItTrains("refused");
    long minio = Processes.minio();
    Assumptions.assumeTrue(minio != 0, "MinIO's process is not to be seen on this machine");
    Processes.signal("STOP", minio);
    try {
      Thread.sleep(OUTAGE);
    } finally {
      Processes.signal("CONT", minio);
    }
    Instant back = Instant.now();
    assertNothingIsLost("refused");
    Drill.passed("storage refuses for 60 s in the estimate, hangs in training", "nothing", back);
  }

  @Test
  void aDeletionDoesNotWaitForStorage() throws Exception {
    Quickstart.create(cluster, storage, "deleted", "0.01");
    untilItTrains("deleted");
    storage.stop();
    Instant began = Instant.now();
    cluster.training("deleted").delete();
    await().atMost(Duration.ofSeconds(10)).until(() -> cluster.training("deleted").get() == null);
    await()
        .atMost(Duration.ofMinutes(6))
        .until(() -> cluster.jobs().isEmpty() && cluster.pods().isEmpty());
    Drill.passed("a run deleted while storage is down", "no pod is left", began);
  }
}
