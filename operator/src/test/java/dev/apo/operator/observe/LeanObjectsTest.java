package dev.apo.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import org.junit.jupiter.api.Test;

class LeanObjectsTest {
  private final ObjectMapper mapper = new ObjectMapper();

  LeanObjectsTest() {
    new LeanObjects().customize(mapper);
  }

  @Test
  void whatNoDecisionNeedsIsNotRead() throws Exception {
    Pod pod =
        mapper.readValue(
            """
            {"metadata": {"name": "p", "labels": {"a": "b"},
                          "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {}}}]},
             "spec": {"nodeName": "n", "containers": [{"name": "worker"}]},
             "status": {"phase": "Running"}}
            """,
            Pod.class);
    assertThat(pod.getMetadata().getManagedFields()).isEmpty();
    assertThat(pod.getSpec()).isNull();
    assertThat(pod.getAdditionalProperties()).isEmpty();
    assertThat(pod.getMetadata().getLabels()).containsEntry("a", "b");
    assertThat(pod.getStatus().getPhase()).isEqualTo("Running");

    Job job =
        mapper.readValue(
            """
            {"spec": {"suspend": true, "template": {"spec": {"nodeName": "n"}}}}
            """,
            Job.class);
    assertThat(job.getSpec().getSuspend()).isTrue();
    assertThat(job.getSpec().getTemplate()).isNull();
  }

  @Test
  void whatIsWrittenIsWhole() throws Exception {
    Job job =
        new JobBuilder()
            .withNewSpec()
            .withNewTemplate()
            .withNewSpec()
            .withNodeName("n")
            .endSpec()
            .endTemplate()
            .endSpec()
            .build();
    assertThat(mapper.writeValueAsString(job)).contains("\"nodeName\":\"n\"");
  }
}
