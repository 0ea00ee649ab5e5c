package dev.apo.api.v1alpha1;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import org.junit.jupiter.api.Test;

class APOTrainingTest {
  @Test
  void newResourceMakesUpNeitherSpecNorStatus() {
    APOTraining training = new APOTraining();
    assertThat(training.getSpec()).isNull();
    assertThat(training.getStatus()).isNull();
    assertThat(training.getApiVersion()).isEqualTo(APOTraining.API_VERSION);
    assertThat(training.getKind()).isEqualTo(APOTraining.KIND);
  }

  @Test
  void unsetFieldsAreNotWritten() {
    APOTraining training = new APOTraining();
    training.getMetadata().setName("tiny");
    training.setStatus(
        new APOTrainingStatus(
            Phase.TRAINING,
            null,
            null,
            List.of(
                new Condition(
                    ConditionType.VALUE_ESTIMATED,
                    ConditionStatus.TRUE,
                    "Complete",
                    null,
                    3L,
                    "2026-01-02T03:04:05Z")),
            3L,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null));
    assertThat(Serialization.asJson(training))
        .isEqualTo(
            """
            {"apiVersion":"apo.dev/v1alpha1","kind":"APOTraining","metadata":{"name":"tiny"},\
            "status":{"phase":"Training","conditions":[{"type":"ValueEstimated","status":"True",\
            "reason":"Complete","observedGeneration":3,\
            "lastTransitionTime":"2026-01-02T03:04:05Z"}],"observedGeneration":3}}""");
  }

  @Test
  void fieldsOfALaterVersionAreIgnored() {
    APOTraining training =
        Serialization.unmarshal(
            """
            apiVersion: apo.dev/v1alpha1
            kind: APOTraining
            metadata: {name: tiny}
            spec:
              later: 1
              train: {epochs: 2, later: {a: b}}
            """,
            APOTraining.class);
    assertThat(training.getSpec().train().epochs()).isEqualTo(2);
    assertThat(training.getSpec().train().seed()).isNull();
  }
}
