package dev.apo.operator.drill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.apo.api.v1alpha1.APOTrainingStatus;
import dev.apo.api.v1alpha1.Phase;
import dev.apo.operator.apiserver.KubeApi;
import dev.apo.operator.apiserver.PlayedCluster;
import dev.apo.operator.drill.FaultProxy.Fault;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The operator's process ends, or freezes, exactly between the creation of a Job and the status
 * that tells of it. It is the packaged program.
 */
@Tag("apiserver")
@Tag("drill")
@Tag("packaged")
class HandoverIT extends PlayedCluster {
  /** How many runs are there at once; the operator works on 16. */
  private static final int RUNS = 5;

  private static final Duration LONG = Duration.ofMinutes(2);
  private static KubeApi shared;

  HandoverIT() {
    api = shared;
  }

  @BeforeAll
  static void start() {
    shared = new KubeApi();
  }

  @AfterAll
  static void stop() {
    shared.close();
  }

  @BeforeEach
  void nobodyLeads() {
    client.leases().inNamespace(KubeApi.NAMESPACE).withName("apo-operator").delete();
  }

  private static List<String> names(String word) {
    return IntStream.range(0, RUNS).mapToObj(i -> word + "-" + i).toList();
  }

  private static void pass(CountDownLatch gate) {
    try {
      if (!gate.await(LONG.toSeconds(), TimeUnit.SECONDS)) {
        throw new IllegalStateException("it does not happen");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private String leader() {
    var lease = client.leases().inNamespace(KubeApi.NAMESPACE).withName("apo-operator").get();
    return lease == null ? null : lease.getSpec().getHolderIdentity();
  }

  private List<APOTrainingStatus> statuses(List<String> names) {
    return names.stream().map(name -> get(name).getStatus()).toList();
  }

  private void untilPrepareIsTold(List<String> names) {
    names.forEach(
        name -> until(name, t -> t.getStatus().prepare() != null && t.getStatus().attempts() == 1));
  }

  private List<String> jobsOf(List<String> names) {
    return jobs().stream()
        .map(job -> job.getMetadata().getName())
        .filter(job -> names.stream().anyMatch(name -> job.startsWith(name + "-")))
        .toList();
  }

  @Test
  void aProcessKilledBetweenAJobsCreationAndItsStatusMakesNoSecondJob() {
    int kills = Math.max(1, Drill.TRIES / RUNS);
    List<String> orphans = List.of();
    Duration longest = Duration.ZERO;
    for (int kill = 1; kill <= kills; kill++) {
      List<String> names = names("kill-" + kill);
      CountDownLatch written = new CountDownLatch(RUNS);
      CountDownLatch killed = new CountDownLatch(1);
      Instant began = Instant.now();
      try (FaultProxy proxy = new FaultProxy(shared.config());
          OperatorProcess victim = new OperatorProcess("replica", proxy.url())) {
        untilPrepareIsTold(orphans);
        longest = longer(longest, Duration.between(began, Instant.now()));
        proxy.faults(
            request -> {
              if (!request.isStatusWrite() || !names.contains(request.training())) {
                return Fault.NONE;
              }
              written.countDown();
              pass(killed);
              return Fault.CUT;
            });
        names.forEach(name -> create(name, ""));
        pass(written);
        victim.signal("KILL");
        killed.countDown();
      }
      assertThat(statuses(names)).containsOnlyNulls();
      orphans = names;
    }
    Instant began = Instant.now();
    try (FaultProxy proxy = new FaultProxy(shared.config());
        OperatorProcess last = new OperatorProcess("replica", proxy.url())) {
      untilPrepareIsTold(orphans);
      longest = longer(longest, Duration.between(began, Instant.now()));
      assertThat(last.isAlive()).isTrue();
    }
    assertThat(jobsOf(List.of("kill")))
        .containsExactlyInAnyOrderElementsOf(
            IntStream.rangeClosed(1, kills)
                .mapToObj(kill -> names("kill-" + kill))
                .flatMap(List::stream)
                .map(name -> name + "-prepare-1")
                .toList());
    Drill.passed(
        "process killed between %d Jobs' creation and their statuses".formatted(RUNS),
        kills,
        "no Job twice",
        longest);
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  /**
   * Some runs' statuses are on their way to the API server, and arrive when another replica leads;
   * one run's Job was created, and the answer finds a frozen process.
   */
  @Test
  void aLeaderFrozenBetweenAJobsCreationAndItsStatusIsReplacedAndChangesNothingWhenItThaws()
      throws Exception {
    List<String> writes = names("write");
    List<String> all = Stream.concat(writes.stream(), Stream.of("answer")).toList();
    CountDownLatch held = new CountDownLatch(RUNS);
    CountDownLatch frozen = new CountDownLatch(1);
    CountDownLatch thaw = new CountDownLatch(1);
    try (FaultProxy proxy = new FaultProxy(shared.config());
        FaultProxy another = new FaultProxy(shared.config());
        OperatorProcess first = new OperatorProcess("first", proxy.url())) {
      await().atMost(LONG).until(() -> "first".equals(leader()));
      try (OperatorProcess second = new OperatorProcess("second", another.url())) {
        proxy.faults(
            request -> {
              if (request.isStatusWrite() && writes.contains(request.training())) {
                held.countDown();
                pass(thaw);
              } else if (request.isJobCreation() && held.getCount() == 0) {
                first.signal("STOP");
                frozen.countDown();
              }
              return Fault.NONE;
            });
        writes.forEach(name -> create(name, ""));
        pass(held);
        create("answer", "");
        pass(frozen);
        Instant began = Instant.now();
        await().atMost(LONG).until(() -> "second".equals(leader()));
        untilPrepareIsTold(all);
        final Duration recovery = Duration.between(began, Instant.now());
        all.forEach(name -> succeed(name + "-prepare-1", 0, PREPARED.formatted("false")));
        all.forEach(name -> until(name, phase(Phase.ESTIMATING)));
        List<APOTrainingStatus> before = statuses(all);

        thaw.countDown();
        first.signal("CONT");
        await().atMost(LONG).until(() -> !first.isAlive());
        // What it had sent is refused by now.
        Thread.sleep(1000);
        assertThat(statuses(all)).isEqualTo(before);
        assertThat(before).as("one a stage").allMatch(status -> status.attempts() == 2);
        assertThat(jobsOf(all))
            .containsExactlyInAnyOrderElementsOf(
                all.stream()
                    .flatMap(name -> Stream.of(name + "-prepare-1", name + "-estimate-1"))
                    .toList());
        assertThat(second.isAlive()).isTrue();
        Drill.passed(
            "leader frozen between Jobs' creation and their statuses, and thawed",
            all.size(),
            "no Job twice, no status",
            recovery);
      }
    }
  }
}
