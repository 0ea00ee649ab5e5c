package dev.apo.e2e;

import static dev.apo.e2e.Cluster.condition;
import static dev.apo.e2e.Cluster.phase;
import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.ConditionType;
import dev.apo.api.v1alpha1.Phase;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The quickstart on a cluster: real workers, real storage, fake GPUs. */
@Tag("slow")
class PipelineTest {
  private static Cluster cluster;
  private static Storage storage;

  @BeforeAll
  static void startStorageWithTheQuickstartsData() throws Exception {
    cluster = new Cluster();
    storage = new Storage(cluster);
    Quickstart.upload(storage);
  }

  @AfterAll
  static void tidyUp() {
    storage.close();
    cluster.close();
  }

  @Test
  void aModelLearnsToAddAndASecondRunFindsTheTable() throws Exception {
    Quickstart.create(cluster, storage, "adder", "0.01");
    APOTraining adder = cluster.until("adder", phase(Phase.SUCCEEDED), Duration.ofMinutes(5));
    var results = adder.getStatus().results();
    assertThat(results.train().accuracyBefore()).isLessThanOrEqualTo(0.75);
    assertThat(results.train().accuracy()).isGreaterThanOrEqualTo(0.9);
    assertThat(results.estimate().prompts()).isEqualTo(2000);

    Quickstart.create(cluster, storage, "sweep", "0.02");
    APOTraining sweep = cluster.until("sweep", phase(Phase.SUCCEEDED), Duration.ofMinutes(5));
    assertThat(condition(sweep, ConditionType.VALUE_ESTIMATED).reason()).isEqualTo("TableReused");
    assertThat(cluster.pods("sweep-estimate-1")).isEmpty();

    assertThat(storage.objects(adder.getStatus().artifacts().model()))
        .anyMatch(name -> name.endsWith("model.safetensors"));
    assertNoSecretIsTold();
  }

  private static void assertNoSecretIsTold() {
    StringBuilder told = new StringBuilder(cluster.operatorLog());
    cluster.events().forEach(event -> told.append(Serialization.asYaml(event)));
    cluster.jobs().forEach(job -> told.append(Serialization.asYaml(job)));
    cluster
        .pods()
        .forEach(
            pod ->
                told.append(
                    cluster
                        .client
                        .pods()
                        .inNamespace(cluster.namespace)
                        .withName(pod.getMetadata().getName())
                        .getLog()));
    told.append(Serialization.asYaml(cluster.training("adder").get()));
    assertThat(told.toString()).doesNotContain(Storage.ACCESS).doesNotContain(Storage.SECRET);
  }
}
