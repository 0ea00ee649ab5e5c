package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.worker.Drill;
import dev.apo.worker.storage.S3Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that is killed at random moments comes to the very bits of one that is not. */
@Tag("slow")
@Tag("drill")
class KillsTest {
  private static final int SHARDS = 2;
  private static final List<String> STAGES = List.of("prepare", "estimate", "train");

  /** How often one process is killed at most before it is left alone. */
  private static final int OF_A_SHORT_STAGE = Math.min(3, 1 + Drill.TRIES / 10);

  private static final int OF_A_LONG_STAGE = Math.min(8, Drill.TRIES);
  private static final String LOST = "no bit of table or model";
  private static final String RECOVERY = "at its next start";

  @TempDir static Path reference;
  private static Workplace undisturbed;
  private static String told;
  private static int startMillis;

  @TempDir Path directory;
  private final Random random = new Random(Drill.SEED);

  @BeforeAll
  static void runUndisturbed() {
    undisturbed = workplace(reference);
    told = undisturbed.apo("run").succeeds().err();
    long began = System.nanoTime();
    undisturbed.process("prepare").succeeds();
    startMillis = (int) ((System.nanoTime() - began) / 1_000_000);
  }

  private static Workplace workplace(Path directory) {
    return new Workplace(directory).set("train.checkpointEvery", 1).set("estimate.shards", SHARDS);
  }

  /** How many lines stages write when nothing stops them. */
  private static int lines(String stages) {
    var line = Pattern.compile("\"stage\":\"(" + stages + ")\"");
    return (int) told.lines().filter(line.asPredicate()).count();
  }

  /** As on a cluster: each stage and shard is a process of its own, the shards at the same time. */
  @Test
  void aRunInStagesThatIsKilledAnywhereEqualsAnUndisturbedOne() throws Exception {
    int goal = 2 * Drill.TRIES;
    var kills = new RandomKills(startMillis);
    for (int round = 0; kills.count("") < goal || !kills.hit(STAGES); round++) {
      Workplace home = workplace(directory.resolve("round-" + round));
      Files.createDirectories(home.directory().resolve("storage"));
      kills.untilDone(home, "prepare", 0, OF_A_SHORT_STAGE, random);
      shards(home, kills);
      kills.untilDone(home, "train", lines("train|evaluate"), OF_A_LONG_STAGE, random);
      assertSame(home);
    }
    for (String stage : STAGES) {
      Drill.passed(
          "SIGKILL in %s: %s".formatted(stage, kills.moments(stage)),
          kills.count(stage),
          LOST,
          RECOVERY);
    }
  }

  private void shards(Workplace home, RandomKills kills) throws IOException {
    var shards = new CompletableFuture<?>[SHARDS];
    for (int shard = 0; shard < SHARDS; shard++) {
      Workplace pod = workplace(home.directory().resolve("shard-" + shard));
      pod.environment("JOB_COMPLETION_INDEX", "" + shard);
      link(pod, home.directory().resolve("storage"));
      var own = new Random(random.nextLong());
      shards[shard] =
          CompletableFuture.runAsync(
              () ->
                  kills.untilDone(
                      pod, "estimate", lines("estimate") / SHARDS, OF_A_SHORT_STAGE, own),
              // The common pool has no thread for each of them on a small machine.
              task -> new Thread(task).start());
    }
    CompletableFuture.allOf(shards).join();
  }

  @Test
  void aRunOnABucketThatIsKilledAnywhereEqualsAnUndisturbedOne() throws Exception {
    int goal = (Drill.TRIES + 1) / 2;
    var kills = new RandomKills(startMillis);
    Path buckets = Files.createDirectory(directory.resolve("buckets"));
    try (var server = new S3Server(buckets)) {
      server.blobs().createContainerInLocation(null, "bucket");
      for (int round = 0; kills.count("") < goal; round++) {
        Workplace workplace = workplace(directory.resolve("round-" + round));
        workplace
            .set("storage.uri", "s3://bucket/" + round)
            .set("storage.endpoint", server.endpoint());
        S3Server.CREDENTIALS.forEach(workplace::environment);
        link(workplace, Files.createDirectory(buckets.resolve("bucket/" + round)));
        kills.untilDone(workplace, "run", lines(".*"), OF_A_LONG_STAGE, random);
        assertSame(workplace);
      }
    }
    Drill.passed(
        "SIGKILL in a run on a bucket: " + kills.moments("run"), kills.count(""), LOST, RECOVERY);
  }

  private static void link(Workplace workplace, Path storage) throws IOException {
    Files.createSymbolicLink(workplace.directory().resolve("storage"), storage);
  }

  private static void assertSame(Workplace killed) {
    assertThat(killed.table()).as("seed %d", Drill.SEED).isEqualTo(undisturbed.table());
    Map<String, Object> results = killed.results();
    assertThat(results).as("seed %d", Drill.SEED).isEqualTo(undisturbed.results());
  }
}
