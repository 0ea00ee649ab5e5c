package dev.apo.worker.bench;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toList;

import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.FileErrors;
import dev.apo.worker.StopSignal;
import dev.apo.worker.engine.Devices;
import dev.apo.worker.engine.Precision;
import dev.apo.worker.manifest.Manifest;
import dev.apo.worker.manifest.ManifestReader;
import dev.apo.worker.model.ModelDirectory;
import dev.apo.worker.run.Launch;
import dev.apo.worker.run.Result;
import dev.apo.worker.run.Run;
import dev.apo.worker.run.Session;
import dev.apo.worker.telemetry.Reporter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Runs a measurement, the peer's beside it if there is one, and prints both with their ratio. */
public final class Bench {
  private final Peer peer;
  private final PrintStream out;

  /**
   * @param peer how to start bench/peer.py; empty to measure without it
   */
  public Bench(List<String> peer, PrintStream out) {
    this.peer = peer.isEmpty() ? null : new Peer(peer);
    this.out = out;
  }

  /**
   * @param newTokens of each response
   */
  public void generate(
      Path model, Precision precision, int rounds, int promptTokens, int[] newTokens) {
    double ours =
        new EngineBench(ModelDirectory.open(model), precision, rounds)
            .generate(promptTokens, newTokens);
    JsonNode theirs =
        peer == null
            ? null
            : peer.run(
                "generate",
                "--model",
                model.toString(),
                "--dtype",
                dtype(precision),
                "--steps",
                "" + rounds,
                "--prompt-tokens",
                "" + promptTokens,
                "--lengths",
                IntStream.of(newTokens).mapToObj(String::valueOf).collect(joining(",")));
    print(
        "generate " + precision + " batch " + newTokens.length,
        "tokens/s",
        ours,
        theirs,
        "tokens_per_second",
        true);
  }

  public void trainStep(Path model, Precision precision, int rounds, int batch, int tokens) {
    double ours =
        new EngineBench(ModelDirectory.open(model), precision, rounds).trainStep(batch, tokens);
    // The peer's training step is float32 whatever ours computes in: that is what users run on a
    // CPU.
    JsonNode theirs =
        peer == null
            ? null
            : peer.run(
                "trainstep",
                "--model",
                model.toString(),
                "--steps",
                "" + rounds,
                "--batch",
                "" + batch,
                "--tokens",
                "" + tokens);
    print(
        "train step " + precision + " " + batch + "x" + tokens,
        "tokens/s",
        ours,
        theirs,
        "tokens_per_second",
        true);
  }

  /**
   * A whole run without what a peer's figure leaves out: reading, evaluation and export.
   *
   * @param seed of training; null for the manifest's
   */
  public void run(Path manifestFile, Long seed) {
    Manifest manifest = ManifestReader.read(manifestFile);
    try {
      Path work = Files.createTempDirectory("apo-bench");
      try {
        Manifest seeded = seed == null ? manifest : manifest.withSeed(seed);
        Manifest here = seeded.withStorage(work.resolve("storage").toUri().toString());
        var launch = new Launch("bench", 1, 0, work, Devices.PRESENT);
        JsonNode theirs = peer == null ? null : peer.run(forPeer(here, launch));
        Result result = run(here, launch);
        double seconds =
            result.seconds().getOrDefault("estimate", 0.0) + result.seconds().get("train");
        print("whole run, estimate and train", "s", seconds, theirs, "seconds", false);
        print("peak memory", "MiB", result.peakRssMiB(), theirs, "peak_rss_mib", false);
        print("accuracy before", "", result.accuracyBefore(), theirs, "accuracy_before", true);
        print("accuracy after", "", result.accuracyAfter(), theirs, "accuracy_after", true);
      } finally {
        delete(work);
      }
    } catch (IOException e) {
      throw FileErrors.explain("write", Path.of(System.getProperty("java.io.tmpdir")), e);
    }
  }

  private static String[] forPeer(Manifest manifest, Launch launch) throws IOException {
    try (StopSignal stop = StopSignal.install();
        Session session = Session.open(manifest, launch, Reporter.SILENT, stop)) {
      return PeerRun.prepare(session, launch.workDirectory().resolve("peer"));
    }
  }

  private static Result run(Manifest manifest, Launch launch) {
    try (StopSignal stop = StopSignal.install()) {
      return Run.of(manifest, launch, false, m -> {}, Reporter.SILENT, stop).result();
    }
  }

  private void print(
      String what,
      String unit,
      double ours,
      JsonNode peerResult,
      String field,
      boolean moreIsBetter) {
    if (peerResult == null) {
      out.printf(Locale.ROOT, "%-32s %10.3f %s%n", what, ours, unit);
      return;
    }
    double theirs = peerResult.path(field).asDouble();
    double ratio = moreIsBetter ? ours / theirs : theirs / ours;
    out.printf(
        Locale.ROOT,
        "%-32s %10.3f %-9s peer %10.3f   ratio %.2f%n",
        what,
        ours,
        unit,
        theirs,
        ratio);
  }

  /**
   * How many tokens each of so many responses has: evenly from the shortest to the longest, in an
   * order that is always the same.
   */
  public static int[] lengths(int responses, int shortest, int longest) {
    List<Integer> lengths =
        IntStream.range(0, responses)
            .map(i -> longest - (longest - shortest) * i / Math.max(1, responses - 1))
            .boxed()
            .collect(toList());
    Collections.shuffle(lengths, new Random(1));
    return lengths.stream().mapToInt(Integer::intValue).toArray();
  }

  private static String dtype(Precision precision) {
    return precision == Precision.BF16 ? "bf16" : "fp32";
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
