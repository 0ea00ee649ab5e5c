package dev.apo.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.operator.decide.PodState;
import dev.apo.operator.decide.Reason;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.utils.Serialization;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What kubelets and controllers of Kubernetes 1.34 write into pods. */
class PodReaderTest {
  private static PodState read(String status) {
    return PodReader.read(
        Serialization.unmarshal(
            """
            metadata:
              name: p
              labels: {apo.dev/stage: train, apo.dev/attempt: "1"}
            status: %s
            """
                .formatted(status),
            Pod.class),
        null);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Usage of EmptyDir volume \"apo-work\" exceeds the limit \"1Mi\"",
        "Pod ephemeral local storage usage exceeds the total limit of containers 10Mi",
        "Container worker exceeded its local ephemeral storage limit \"10Mi\""
      })
  void anEvictionForALimitOfThePodIsNoDisruption(String message) {
    PodState pod = read("{phase: Failed, reason: Evicted, message: '%s. '}".formatted(message));
    assertThat(pod.outOfDisk()).isEqualTo(message);
    assertThat(pod.disruption()).isNull();
  }

  @Test
  void anEvictionForTheNodesSakeIsADisruption() {
    PodState pod =
        read(
            """
            {phase: Failed, reason: Evicted, message: 'The node was low on resource: memory. ',
             conditions: [{type: DisruptionTarget, status: "True", reason: TerminationByKubelet,
                           message: 'The node was low on resource: memory. '}]}
            """);
    assertThat(pod.outOfDisk()).isNull();
    assertThat(pod.disruption()).startsWith("TerminationByKubelet, The node was low on resource");
  }

  @Test
  void aPodOfALostNodeSaysThatItIsBeingTakenAway() {
    PodState pod =
        read(
            """
            {phase: Running,
             conditions: [{type: DisruptionTarget, status: "True", reason: DeletionByTaintManager,
                           message: 'Taint manager: deleting due to NoExecute taint'}]}
            """);
    assertThat(pod.isLive()).isTrue();
    assertThat(pod.trouble().reason()).isEqualTo(Reason.DISRUPTED);
    assertThat(pod.trouble().message())
        .isEqualTo(
            "Pod p is being taken away: DeletionByTaintManager, Taint manager: deleting due to"
                + " NoExecute taint");
  }

  @Test
  void aContainerKilledForItsMemoryIsNamed() {
    PodState pod =
        read(
            """
            {phase: Failed, containerStatuses: [{name: worker, restartCount: 0,
             state: {terminated: {exitCode: 137, reason: OOMKilled}}}]}
            """);
    assertThat(pod.outOfMemory()).isTrue();
    assertThat(pod.exitCode()).isEqualTo(137);
  }
}
