package dev.apo.e2e;

import static dev.apo.e2e.Cluster.phase;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.Phase;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/**
 * Measures the operator on the cluster of hack/cluster: {@code make bench-operator}. Times are seen
 * from outside, by a watch. It asserts nothing.
 */
class OperatorBench {
  private static final int ROUNDS = 15;
  private static final int MAX_SECONDS = 1800;
  private static final Map<String, String> QUICK =
      Map.of("FAKE_SECONDS_PREPARE", "0", "FAKE_SECONDS_ESTIMATE", "0", "FAKE_SECONDS_TRAIN", "0");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, Long> firstSeen = new ConcurrentHashMap<>();
  private final Set<String> ended = ConcurrentHashMap.newKeySet();
  private final Map<String, Long> succeeded = new ConcurrentHashMap<>();

  @Test
  void measure() throws Exception {
    try (Cluster cluster = new Cluster()) {
      Watch pods = cluster.client.pods().inNamespace(cluster.namespace).watch(watcher());
      latencies(cluster);
      writes(cluster);
      pods.close();
    }
    for (int count : new int[] {100, 500}) {
      suspended(count);
    }
  }

  /**
   * A thousand runs at once, or as many as APO_BENCH_RUNS says. A fake kubelet ends their pods,
   * since one node has room for 110.
   */
  @Test
  void churn() throws Exception {
    int count = Integer.parseInt(System.getenv().getOrDefault("APO_BENCH_RUNS", "1000"));
    try (Cluster cluster = new Cluster();
        FakeKubelet kubelet = new FakeKubelet(cluster);
        SharedIndexInformer<APOTraining> runs =
            cluster.client.resources(APOTraining.class).inNamespace(cluster.namespace).inform()) {
      System.out.println("resident memory of the operators before, MiB: " + memory());
      Instant began = Instant.now();
      IntStream.range(0, count).forEach(i -> cluster.create("churn-" + i, QUICK));
      double created = seconds(began);
      List<Long> peak = List.of();
      while (done(runs) < count && seconds(began) < MAX_SECONDS) {
        Thread.sleep(2000);
        List<Long> now = memory();
        peak = sum(now) > sum(peak) ? now : peak;
      }
      double seconds = seconds(began);
      Map<String, Integer> requests = requests(began, false);
      System.out.printf(
          Locale.ROOT,
          "%d runs: created in %.0f s, %d done after %.0f s, %d pods; requests in a minute %.0f: %s%n",
          count,
          created,
          done(runs),
          seconds,
          kubelet.ended(),
          requests.values().stream().mapToInt(x -> x).sum() * 60 / seconds,
          requests);
      System.out.println("most resident memory of the operators, MiB: " + peak);
      Thread.sleep(60_000);
      System.out.println("a minute later: " + memory());
    }
  }

  private static long done(SharedIndexInformer<APOTraining> runs) {
    return runs.getStore().list().stream()
        .filter(run -> run.getStatus() != null && phase(Phase.SUCCEEDED).test(run))
        .count();
  }

  private static double seconds(Instant since) {
    return Duration.between(since, Instant.now()).toMillis() / 1e3;
  }

  private static long sum(List<Long> values) {
    return values.stream().mapToLong(x -> x).sum();
  }

  private Watcher<Pod> watcher() {
    return new Watcher<>() {
      @Override
      public void eventReceived(Action action, Pod pod) {
        long now = System.nanoTime();
        String job = pod.getMetadata().getLabels().getOrDefault("batch.kubernetes.io/job-name", "");
        firstSeen.putIfAbsent(job, now);
        boolean first = ended.add(pod.getMetadata().getName());
        if (!"Succeeded".equals(pod.getStatus().getPhase())) {
          ended.remove(pod.getMetadata().getName());
        } else if (first) {
          succeeded.put(job, now);
        }
      }

      @Override
      public void onClose(WatcherException cause) {}
    };
  }

  private void latencies(Cluster cluster) {
    List<Double> job = new ArrayList<>();
    List<Double> first = new ArrayList<>();
    List<Double> next = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      String name = "lat-" + i;
      long before = System.nanoTime();
      plainJob(cluster, name + "-job");
      job.add(millis(before, seen(name + "-job")));
      before = System.nanoTime();
      cluster.create(name, QUICK);
      cluster.until(name, phase(Phase.SUCCEEDED));
      first.add(millis(before, seen(name + "-prepare-1")));
      next.add(millis(succeeded.get(name + "-estimate-1"), seen(name + "-train-1")));
    }
    print("plain Job created → pod object, ms", job);
    print("APOTraining created → first pod object, ms", first);
    print("last pod of a stage succeeded → next stage's pod object, ms", next);
  }

  private long seen(String job) {
    Awaitility.await()
        .pollInterval(Duration.ofMillis(5))
        .atMost(Duration.ofSeconds(30))
        .until(() -> firstSeen.containsKey(job));
    return firstSeen.get(job);
  }

  private static void plainJob(Cluster cluster, String name) {
    cluster
        .client
        .resource(
            new JobBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace(cluster.namespace)
                .endMetadata()
                .withNewSpec()
                .withNewTemplate()
                .withNewSpec()
                .withRestartPolicy("Never")
                .addNewContainer()
                .withName("worker")
                .withImage(Cluster.SHELL_WORKER)
                .withCommand("true")
                .withNewSecurityContext()
                .withAllowPrivilegeEscalation(false)
                .withRunAsNonRoot(true)
                .withNewCapabilities()
                .withDrop("ALL")
                .endCapabilities()
                .withNewSeccompProfile()
                .withType("RuntimeDefault")
                .endSeccompProfile()
                .endSecurityContext()
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build())
        .create();
  }

  private static double millis(long from, long to) {
    return (to - from) / 1e6;
  }

  private static void print(String what, List<Double> values) {
    Collections.sort(values);
    System.out.printf(
        Locale.ROOT,
        "%s: median %.0f, min %.0f, max %.0f%n",
        what,
        values.get(values.size() / 2),
        values.get(0),
        values.get(values.size() - 1));
  }

  private void writes(Cluster cluster) throws Exception {
    Instant before = Instant.now();
    cluster.create("writes", QUICK);
    cluster.until("writes", phase(Phase.SUCCEEDED));
    Thread.sleep(3000);
    System.out.println("API writes of a run: " + requests(before, true));
  }

  private static void suspended(int count) throws Exception {
    try (Cluster cluster = new Cluster()) {
      long before = System.nanoTime();
      IntStream.range(0, count)
          .parallel()
          .forEach(i -> cluster.create("idle-" + i, QUICK, "\"suspend\": true,"));
      double created = (System.nanoTime() - before) / 1e9;
      Awaitility.await()
          .pollInterval(Duration.ofMillis(100))
          .atMost(Duration.ofMinutes(3))
          .until(
              () ->
                  cluster
                      .client
                      .resources(APOTraining.class)
                      .inNamespace(cluster.namespace)
                      .list()
                      .getItems()
                      .stream()
                      .allMatch(t -> t.getStatus() != null && phase(Phase.SUSPENDED).test(t)));
      System.out.printf(
          Locale.ROOT,
          "%d suspended resources: created in %.1f s, all handled after %.1f s%n",
          count,
          created,
          (System.nanoTime() - before) / 1e9);
      Thread.sleep(5000);
      Instant idle = Instant.now();
      Thread.sleep(60_000);
      System.out.printf(
          "%d idle resources, requests in a minute: %s; resident memory of the operators, MiB: %s%n",
          count, requests(idle, false), memory());
    }
  }

  /** What the operators asked for since then, watches apart: how often each. */
  private static Map<String, Integer> requests(Instant since, boolean writesOnly)
      throws IOException {
    Map<String, Integer> counts = new java.util.TreeMap<>();
    try (Stream<String> lines = Files.lines(Path.of(System.getenv("APO_E2E_AUDIT_LOG")))) {
      for (String line : (Iterable<String>) lines::iterator) {
        JsonNode event = JSON.readTree(line);
        String verb = event.path("verb").asText();
        boolean ours =
            event
                .at("/user/username")
                .asText()
                .startsWith("system:serviceaccount:" + Cluster.OPERATOR_NAMESPACE + ":");
        boolean counted =
            !verb.equals("watch") && (!writesOnly || !List.of("get", "list").contains(verb));
        String resource = event.at("/objectRef/resource").asText();
        if (ours
            && counted
            && !(writesOnly && resource.equals("leases"))
            && Instant.parse(event.path("requestReceivedTimestamp").asText()).isAfter(since)) {
          counts.merge(verb + " " + resource, 1, Integer::sum);
        }
      }
    }
    return counts;
  }

  private static List<Long> memory() throws IOException {
    List<Long> resident = new ArrayList<>();
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      for (Path process : (Iterable<Path>) processes::iterator) {
        try {
          if (Files.readString(process.resolve("cmdline")).contains("quarkus-run.jar")) {
            Files.readAllLines(process.resolve("status")).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .map(line -> Long.parseLong(line.replaceAll("\\D", "")) / 1024)
                .forEach(resident::add);
          }
        } catch (IOException e) {
          continue; // Not a process, or gone.
        }
      }
    }
    return resident;
  }
}
