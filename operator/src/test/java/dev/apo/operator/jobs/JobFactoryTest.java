package dev.apo.operator.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.operator.Stage;
import dev.apo.operator.decide.Action;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JobFactoryTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{type: Http, http: {url: 'http://a', tokenSecretRef: {name: scorer, key: token}}}",
        "{type: Math, also: [{type: GSM8K}, {type: Http, http: {url: 'http://a', tokenSecretRef: {name: scorer, key: token}}}]}"
      })
  void tokenOfTheRewardServiceComesFromItsSecret(String reward) {
    for (Stage stage : Stage.values()) {
      assertThat(environment(reward, stage))
          .filteredOn(variable -> variable.getName().equals("APO_REWARD_TOKEN"))
          .singleElement()
          .satisfies(
              token -> {
                assertThat(token.getValue()).isNull();
                assertThat(token.getValueFrom().getSecretKeyRef().getName()).isEqualTo("scorer");
                assertThat(token.getValueFrom().getSecretKeyRef().getKey()).isEqualTo("token");
              });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{type: Math}", "{type: Http, http: {url: 'http://a'}}"})
  void withoutASecretThereIsNoToken(String reward) {
    assertThat(environment(reward, Stage.TRAIN))
        .extracting(EnvVar::getName)
        .doesNotContain("APO_REWARD_TOKEN");
  }

  @ParameterizedTest
  @CsvSource({"1Gi,2Gi", "2048Mi,2Gi", "64Gi,64Gi", "4e9,4e9"})
  void preparingMayUseAsMuchMemoryAsTheEstimateAndNoLessThanItsOwn(String limit, String prepare) {
    String pod = "pod: {resources: {limits: {memory: %s}}}".formatted(limit);
    assertThat(container("{type: Math}", pod, Stage.PREPARE).getResources().getLimits())
        .containsEntry("memory", new Quantity(prepare));
  }

  private static List<EnvVar> environment(String reward, Stage stage) {
    return container(reward, "pod: {}", stage).getEnv();
  }

  private static Container container(String reward, String estimate, Stage stage) {
    APOTraining training =
        Serialization.unmarshal(
            """
            apiVersion: apo.dev/v1alpha1
            kind: APOTraining
            metadata: {name: tiny, namespace: team, uid: u1}
            spec:
              model: {uri: "s3://models/tiny"}
              data: {train: {uri: "s3://data/train.jsonl"}}
              reward: %s
              storage: {uri: "s3://out/put"}
              estimate: {shards: 1, %s}
              train: {}
            """
                .formatted(reward, estimate),
            APOTraining.class);
    return new JobFactory("image", Duration.ofSeconds(30))
        .create(training, new Action.CreateJob(stage, 1, 0))
        .getSpec()
        .getTemplate()
        .getSpec()
        .getContainers()
        .get(0);
  }
}
