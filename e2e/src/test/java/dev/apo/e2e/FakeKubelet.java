package dev.apo.e2e;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ends every pod of a namespace well as soon as it is there, through the API, with the last word of
 * a worker; no container runs. Meanwhile no node takes pods.
 */
final class FakeKubelet implements AutoCloseable {
  private static final int HANDS = 8;
  private static final Map<String, String> RESULTS =
      Map.of(
          "prepare", "{'vstarKey':'fake','vstarReused':false,'trainPrompts':64}",
          "estimate", "{'prompts':64,'responses':512,'reward':0.5}",
          "train", "{'steps':10,'accuracy':0.9}");

  private final ExecutorService hands = Executors.newFixedThreadPool(HANDS);
  private final AtomicInteger ended = new AtomicInteger();
  private final Cluster cluster;
  private final Watch watch;

  FakeKubelet(Cluster cluster) {
    this.cluster = cluster;
    cordon(true);
    watch =
        cluster
            .client
            .pods()
            .inNamespace(cluster.namespace)
            .watch(
                new Watcher<Pod>() {
                  @Override
                  public void eventReceived(Action action, Pod pod) {
                    if (action == Action.ADDED) {
                      hands.execute(() -> end(pod));
                    }
                  }

                  @Override
                  public void onClose(WatcherException cause) {}
                });
  }

  /** How many pods it has ended. */
  int ended() {
    return ended.get();
  }

  private void cordon(boolean unschedulable) {
    for (var node : cluster.client.nodes().list().getItems()) {
      cluster
          .client
          .nodes()
          .withName(node.getMetadata().getName())
          .edit(
              n ->
                  new NodeBuilder(n).editSpec().withUnschedulable(unschedulable).endSpec().build());
    }
  }

  private void end(Pod pod) {
    String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
    String lastWord =
        "{'exitCode':0,'result':%s}"
            .formatted(RESULTS.get(pod.getMetadata().getLabels().get("apo.dev/stage")))
            .replace("'", "\\\"");
    cluster
        .client
        .pods()
        .inNamespace(cluster.namespace)
        .withName(pod.getMetadata().getName())
        .subresource("status")
        .patch(
            PatchContext.of(PatchType.JSON_MERGE),
            """
            {"status": {"phase": "Succeeded", "startTime": "%1$s", "containerStatuses": [
              {"name": "worker", "image": "fake", "imageID": "fake", "ready": false,
               "restartCount": 0, "state": {"terminated": {"exitCode": 0, "message": "%2$s",
                                            "startedAt": "%1$s", "finishedAt": "%1$s"}}}]}}
            """
                .formatted(now, lastWord));
    ended.incrementAndGet();
  }

  @Override
  public void close() {
    watch.close();
    hands.shutdownNow();
    cordon(false);
  }
}
