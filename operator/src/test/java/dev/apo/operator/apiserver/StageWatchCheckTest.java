package dev.apo.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.operator.Labels;
import dev.apo.operator.health.StageWatchCheck;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.util.Optional;
import java.util.function.Function;
import org.eclipse.microprofile.health.HealthCheckResponse.Status;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The API server is real; the caches are as dead or alive as the test says. */
@Tag("apiserver")
class StageWatchCheckTest {
  private static final Function<ResourceID, Optional<Job>> NO_JOBS = id -> Optional.empty();
  private static final Function<ResourceID, Optional<Pod>> DEAD = id -> Optional.empty();

  @Test
  void podsThatTheCacheDoesNotHearOfMeanThatTheWatchIsDead() {
    try (KubeApi api = new KubeApi();
        KubernetesClient client = api.client()) {
      Pod pod =
          new PodBuilder()
              .withNewMetadata()
              .withName("run-train-1-x")
              .withNamespace(KubeApi.NAMESPACE)
              .addToLabels(Labels.TRAINING, "run")
              .endMetadata()
              .withNewSpec()
              .addNewContainer()
              .withName("worker")
              .withImage("fake")
              .endContainer()
              .endSpec()
              .build();
      client.resource(pod).create();
      APOTraining run = new APOTraining();
      run.getMetadata().setName("run");
      run.getMetadata().setNamespace(KubeApi.NAMESPACE);
      Function<ResourceID, Optional<Pod>> alive =
          id ->
              Optional.ofNullable(
                  client.pods().inNamespace(KubeApi.NAMESPACE).withName(id.getName()).get());

      StageWatchCheck check = new StageWatchCheck(client);
      check.look(run, NO_JOBS, DEAD);
      assertThat(check.call().getStatus()).as("it may still come").isEqualTo(Status.UP);
      check.look(run, NO_JOBS, DEAD);
      assertThat(check.call().getStatus()).isEqualTo(Status.DOWN);
      assertThat(check.call().getData().orElseThrow().toString()).contains("run-train-1-x");
      check.look(run, NO_JOBS, alive);
      assertThat(check.call().getStatus()).isEqualTo(Status.UP);
    }
  }
}
