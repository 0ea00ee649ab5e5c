package dev.apo.operator.drill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.apo.api.v1alpha1.APOTraining;
import dev.apo.api.v1alpha1.Phase;
import dev.apo.operator.apiserver.KubeApi;
import dev.apo.operator.apiserver.PlayedCluster;
import dev.apo.operator.drill.FaultProxy.Fault;
import dev.apo.operator.drill.FaultProxy.Request;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the operator promises while the API server, or the way to it, is broken. */
@QuarkusTest
@WithTestResource(FaultyApiResource.class)
@Tag("apiserver")
@Tag("drill")
class FaultsTest extends PlayedCluster {
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final List<Fault> OF_A_WRITE =
      List.of(
          Fault.CONFLICT,
          Fault.NO_ANSWER,
          Fault.CUT,
          Fault.CUT_AFTERWARDS,
          Fault.SERVER_ERROR,
          Fault.TOO_MANY_REQUESTS);

  FaultProxy proxy;

  @TestHTTPResource("/q/health")
  URI health;

  @AfterEach
  void mend() {
    proxy.noFaults();
  }

  @Test
  void aLostStatusAfterAJobsCreationMakesNoSecondJob() {
    Map<String, Instant> broken = new ConcurrentHashMap<>();
    proxy.faults(
        request -> {
          boolean first =
              request.isStatusWrite()
                  && broken.putIfAbsent(request.training(), request.time()) == null;
          return first ? OF_A_WRITE.get(broken.size() % OF_A_WRITE.size()) : Fault.NONE;
        });
    IntStream.range(0, Drill.TRIES).forEach(i -> create("lost-" + i, ""));
    Map<String, Instant> stored = new ConcurrentHashMap<>();
    await()
        .atMost(LONG)
        .pollInterval(Duration.ofMillis(200))
        .until(
            () -> {
              trainings().stream()
                  .filter(t -> t.getStatus() != null && t.getStatus().prepare() != null)
                  .forEach(t -> stored.putIfAbsent(t.getMetadata().getName(), Instant.now()));
              return stored.size() == Drill.TRIES;
            });
    assertThat(broken).hasSize(Drill.TRIES);
    assertThat(jobs())
        .extracting(job -> job.getMetadata().getName())
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, Drill.TRIES).mapToObj(i -> "lost-" + i + "-prepare-1").toList());
    assertThat(trainings()).allMatch(t -> t.getStatus().attempts() == 1);
    Drill.passed(
        "status lost after a Job's creation (409, 429, 500, cut, no answer)",
        Drill.TRIES,
        "no Job twice",
        stored.entrySet().stream()
            .map(entry -> Duration.between(broken.get(entry.getKey()), entry.getValue()))
            .max(Duration::compareTo)
            .orElseThrow());
  }

  @Test
  void aLostAnswerToAJobsCreationMakesNoSecondJob() {
    Map<String, Instant> broken = new ConcurrentHashMap<>();
    proxy.faults(
        request ->
            request.isJobCreation() && broken.size() < Drill.TRIES
                ? lost(broken, request)
                : Fault.NONE);
    IntStream.range(0, Drill.TRIES).forEach(i -> create("answer-" + i, ""));
    await()
        .atMost(LONG)
        .until(
            () ->
                trainings().stream()
                    .allMatch(t -> t.getStatus() != null && t.getStatus().prepare() != null));
    Instant end = Instant.now();
    assertThat(jobs()).hasSize(Drill.TRIES);
    assertThat(trainings()).allMatch(t -> t.getStatus().attempts() == 1);
    Drill.passed(
        "answer to a Job's creation lost",
        broken.size(),
        "no Job twice",
        Duration.between(broken.values().stream().min(Instant::compareTo).orElseThrow(), end));
  }

  private static Fault lost(Map<String, Instant> broken, Request request) {
    broken.put(request.time().toString(), request.time());
    return Fault.CUT_AFTERWARDS;
  }

  /** A stage ends while the operator is cut off: nobody touches the run afterwards. */
  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"TOO_MANY_REQUESTS", "SERVER_ERROR", "UNAVAILABLE", "CUT", "EXPIRED"})
  void anOutageLosesNoEventAndEndsByItself(Fault fault) throws Exception {
    create("outage", "");
    job("outage-prepare-1");
    until("outage", t -> t.getStatus().prepare() != null);
    Instant began = Instant.now();
    proxy.faults(request -> fault == Fault.EXPIRED && !request.isWatch() ? Fault.NONE : fault);
    proxy.cutWatches();
    succeed("outage-prepare-1", 0, PREPARED.formatted("false"));
    boolean red = false;
    while (Instant.now().isBefore(began.plus(Drill.OUTAGE))) {
      Thread.sleep(250);
      red |= !isHealthy();
    }
    int requests = proxy.since(began).size();
    proxy.noFaults();
    Instant ended = Instant.now();
    job("outage-estimate-1");
    Duration recovery = Duration.between(ended, Instant.now());
    await().atMost(LONG).until(this::isHealthy);
    assertThat(red).as("health was red").isTrue();
    assertThat(requests)
        .as("requests in %s", Drill.OUTAGE)
        .isLessThan(20 * Math.toIntExact(Drill.OUTAGE.toSeconds()));
    Drill.passed(
        "API server out for %d s: %s (%d requests)"
            .formatted(Drill.OUTAGE.toSeconds(), fault, requests),
        1,
        "no event",
        recovery);
  }

  @Test
  void everyEditOfTheSpecIsObservedAndOtherWritersSurvive() {
    int rounds = 5 * Drill.TRIES;
    create("edits", "\"suspend\": true,");
    until("edits", phase(Phase.SUSPENDED));
    applyReport("other");
    Duration longest = Duration.ZERO;
    for (int i = 1; i <= rounds; i++) {
      edit("{\"spec\": {\"runPolicy\": {\"maxRetries\": %d}}}".formatted(i % 50));
      edit("{\"spec\": {\"runPolicy\": {\"maxRetries\": %d}}}".formatted(50 + i % 50));
      edit("{\"metadata\": {\"annotations\": {\"round\": \"%d\"}}}".formatted(i));
      Instant edited = Instant.now();
      await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(5))
          .until(
              () -> get("edits"),
              t ->
                  Objects.equals(
                      t.getStatus().observedGeneration(), t.getMetadata().getGeneration()));
      Duration took = Duration.between(edited, Instant.now());
      longest = took.compareTo(longest) > 0 ? took : longest;
    }
    APOTraining training = get("edits");
    assertThat(training.getMetadata().getAnnotations()).containsEntry("round", "" + rounds);
    assertThat(training.getStatus().artifacts().report()).isEqualTo("s3://other/report");
    Drill.passed(
        "two edits of the spec and one of others within milliseconds",
        rounds,
        "no edit, no field of others",
        longest);
  }

  @Test
  void runsThatRestAreNotWritten() throws Exception {
    int count = 2 * Drill.TRIES;
    IntStream.range(0, count).forEach(i -> create("idle-" + i, "\"suspend\": true,"));
    await()
        .atMost(LONG)
        .until(
            () ->
                trainings().stream()
                    .allMatch(t -> t.getStatus() != null && phase(Phase.SUSPENDED).test(t)));
    // Its last statuses come back, and the last Events are published.
    Thread.sleep(2000);
    Instant rest = Instant.now();
    Thread.sleep(Drill.OUTAGE.toMillis());
    assertThat(proxy.since(rest)).as("requests").allMatch(Request::isWatch);
    Drill.passed(
        "%d runs at rest for %d s".formatted(count, Drill.OUTAGE.toSeconds()), count, "no request");
  }

  @Test
  void anEtcdThatHangsIsOutlived() throws Exception {
    create("frozen", "");
    job("frozen-prepare-1");
    until("frozen", t -> t.getStatus().prepare() != null);
    succeed("frozen-prepare-1", 0, PREPARED.formatted("false"));
    ProcessHandle etcd = api.process("etcd");
    signal("STOP", etcd);
    try {
      Thread.sleep(Drill.OUTAGE.toMillis());
    } finally {
      signal("CONT", etcd);
    }
    Instant thawed = Instant.now();
    await()
        .atMost(LONG)
        .ignoreExceptions()
        .until(() -> get("frozen").getStatus().phase() == Phase.ESTIMATING);
    Duration recovery = Duration.between(thawed, Instant.now());
    assertThat(get("frozen").getStatus().attempts()).as("one for each stage").isEqualTo(2);
    Drill.passed(
        "etcd frozen for %d s".formatted(Drill.OUTAGE.toSeconds()), 1, "no Job twice", recovery);
  }

  @Test
  void anotherApiServerWithoutMemoryIsTakenAsTheOldOne() throws Exception {
    create("restart", "");
    job("restart-prepare-1");
    until("restart", t -> t.getStatus().prepare() != null);
    try (KubeApi.Another another = api.another()) {
      Instant switched = Instant.now();
      proxy.passOnTo(another.url());
      succeed("restart-prepare-1", 0, PREPARED.formatted("false"));
      job("restart-estimate-1");
      Drill.passed(
          "API server replaced by a new process",
          1,
          "no event",
          Duration.between(switched, Instant.now()));
    } finally {
      proxy.passOnTo(URI.create(api.config().getMasterUrl()));
    }
  }

  @Test
  void aPodThatNoJobOwnsPublishesNothing() throws Exception {
    create("forged", "");
    var job = job("forged-prepare-1");
    until("forged", t -> t.getStatus().prepare() != null);
    var forged = pod(job, 0).editMetadata().withName("forged").endMetadata().build();
    client.resource(forged).create();
    end(forged, "Succeeded", 0, PREPARED.formatted("true").replace("key", "forged"));
    // The operator sees it before the real one.
    succeed("forged-prepare-1", 0, PREPARED.formatted("false"));
    job("forged-estimate-1");
    assertThat(until("forged", t -> t.getStatus().results() != null).getStatus().results())
        .extracting(results -> results.prepare().vstarKey())
        .isEqualTo("key");
    Drill.passed("a pod with the labels of a stage", 1, "no result");
  }

  @Test
  void aMegabyteOfErrorIsCutWithAMark() {
    create("loud", "");
    end(
        "loud-prepare-1",
        0,
        "Failed",
        65,
        "{\"exitCode\":65,\"message\":\"%s\"}".formatted("Row 3 is bad. ".repeat(70_000)));
    failJob("loud-prepare-1", "PodFailurePolicy");
    APOTraining training = until("loud", phase(Phase.FAILED));
    assertThat(condition(training, "FAILED").message())
        .startsWith("prepare: Row 3 is bad. ")
        .endsWith(" … (cut)")
        .hasSizeLessThan(10_000);
    Drill.passed("an error text of a megabyte", 1, "cut, with a mark");
  }

  // --- tools ------------------------------------------------------------------------------------

  private List<APOTraining> trainings() {
    return new ArrayList<>(
        client.resources(APOTraining.class).inNamespace(KubeApi.NAMESPACE).list().getItems());
  }

  private void edit(String patch) {
    client
        .resources(APOTraining.class)
        .inNamespace(KubeApi.NAMESPACE)
        .withName("edits")
        .patch(PatchContext.of(PatchType.JSON_MERGE), patch);
  }

  /** Another controller has a field of the status. */
  private void applyReport(String manager) {
    client
        .resources(APOTraining.class)
        .inNamespace(KubeApi.NAMESPACE)
        .withName("edits")
        .subresource("status")
        .patch(
            new PatchContext.Builder()
                .withPatchType(PatchType.SERVER_SIDE_APPLY)
                .withFieldManager(manager)
                .build(),
            """
            {"apiVersion": "apo.dev/v1alpha1", "kind": "APOTraining", "metadata": {"name": "edits"},
             "status": {"artifacts": {"report": "s3://other/report"}}}
            """);
  }

  private boolean isHealthy() throws IOException {
    var connection = (HttpURLConnection) health.toURL().openConnection();
    return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
  }

  private static void signal(String name, ProcessHandle process) throws Exception {
    int status = new ProcessBuilder("kill", "-" + name, "" + process.pid()).start().waitFor();
    assertThat(status).as("kill -%s", name).isZero();
  }
}
