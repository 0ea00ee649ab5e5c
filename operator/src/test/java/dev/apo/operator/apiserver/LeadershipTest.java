package dev.apo.operator.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.apo.operator.Leadership;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The framework's leader election, with our settings, on a real API server. */
@Tag("apiserver")
class LeadershipTest {
  private final List<String> left = new ArrayList<>();

  @ControllerConfiguration(name = "idle")
  private static final class Idle implements Reconciler<ConfigMap> {
    @Override
    public UpdateControl<ConfigMap> reconcile(ConfigMap map, Context<ConfigMap> context) {
      return UpdateControl.noUpdate();
    }
  }

  private Leadership leadership(KubernetesClient client, String replica) {
    return new Leadership(client, KubeApi.NAMESPACE, replica, () -> left.add(replica));
  }

  private static Operator start(KubernetesClient client, Leadership leadership) {
    Operator operator =
        new Operator(
            settings ->
                settings
                    .withKubernetesClient(client)
                    .withCloseClientOnStop(false)
                    .withLeaderElectionConfiguration(leadership.configuration()));
    operator.register(new Idle());
    operator.start();
    return operator;
  }

  private static String holder(KubernetesClient client) {
    Lease lease = client.leases().inNamespace(KubeApi.NAMESPACE).withName("apo-operator").get();
    return lease == null ? null : lease.getSpec().getHolderIdentity();
  }

  @Test
  void aReplicaThatStopsHandsTheLeaseOver() {
    try (KubeApi api = new KubeApi();
        KubernetesClient client = api.client()) {
      Leadership first = leadership(client, "first");
      Operator leading = start(client, first);
      await().atMost(Duration.ofSeconds(20)).until(() -> "first".equals(holder(client)));

      Leadership second = leadership(client, "second");
      second.stopping();
      first.stopping();
      leading.stop();
      first.release();

      assertThat(holder(client)).as("the lease's holder").isNull();
      Operator other = start(client, second);
      await().atMost(Duration.ofSeconds(20)).until(() -> "second".equals(holder(client)));
      first.release();
      assertThat(holder(client)).as("only its holder frees it").isEqualTo("second");
      other.stop();
      assertThat(left).as("a stop is no loss").isEmpty();
    }
  }
}
