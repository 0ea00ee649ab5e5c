package dev.apo.worker.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.apo.api.v1alpha1.AlgorithmType;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import dev.apo.worker.StopSignal;
import dev.apo.worker.engine.Devices;
import dev.apo.worker.manifest.Manifest;
import dev.apo.worker.manifest.ManifestReader;
import dev.apo.worker.report.Page;
import dev.apo.worker.run.Launch;
import dev.apo.worker.run.RunKeys;
import dev.apo.worker.run.Session;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.storage.StorageOptions;
import dev.apo.worker.storage.Storages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.function.Consumer;

/**
 * Runs what is not finished, one run after the other, each as a process of its own, and writes down
 * how all of them compare.
 */
public final class Comparer {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String LOCAL = "local";

  private final Path directory;
  private final List<String> childOptions;
  private final Consumer<String> messages;
  private final StopSignal stop;

  /**
   * @param directory for the page and the manifests of the runs
   * @param childOptions that the commands of each run are given
   * @param messages told what it does, in a line each
   */
  public Comparer(
      Path directory, List<String> childOptions, Consumer<String> messages, StopSignal stop) {
    this.directory = directory.toAbsolutePath().normalize();
    this.childOptions = childOptions;
    this.messages = messages;
    this.stop = stop;
  }

  /** Where runs are that others have made, and how their storage is reached. */
  public record Made(List<String> addresses, StorageOptions options) {}

  /**
   * @param files manifests, each to be run with every seed
   * @return the comparison as text
   */
  public String compare(List<Path> files, List<Long> seeds, Made made) {
    var runs = new ArrayList<FinishedRun>();
    List<SeededRun> planned = plan(files, seeds);
    for (SeededRun run : planned) {
      runToEnd(run);
    }
    for (SeededRun run : planned) {
      try (Storage storage = Session.openStorage(run.manifest())) {
        runs.add(read(place(run, storage), run.manifest()));
      }
    }
    for (String address : made.addresses()) {
      try (Storage storage = Storages.open(address, made.options(), Path.of("").toAbsolutePath())) {
        runs.add(read(new RunPlace(name(address), storage, ""), made.options()));
      }
    }
    checkDistinct(runs);
    Task.checkFinished(runs);
    Task.checkMethods(runs);
    Comparison comparison = Comparison.of(runs);
    tellWhatIsMissing(comparison);
    write("compare.json", json(comparison));
    write("compare.html", Page.of("compare.html", JSON.valueToTree(comparison)));
    return TextTable.of(comparison);
  }

  /** Seed after seed, so that a machine that gets busier does so for all methods. */
  private List<SeededRun> plan(List<Path> files, List<Long> seeds) {
    List<Manifest> manifests = files.stream().map(ManifestReader::read).toList();
    var names = new HashSet<String>();
    for (Manifest manifest : manifests) {
      if (!names.add(manifest.name())) {
        throw new ApoException(
            ExitCode.BAD_MANIFEST,
            "Two of the manifests have the name " + manifest.name() + "; give each its own.");
      }
      if (manifest.spec().data().eval() == null) {
        throw new ApoException(
            ExitCode.BAD_MANIFEST,
            manifest.name() + " names no evaluation data; a comparison needs spec.data.eval.");
      }
    }
    var runs = new ArrayList<SeededRun>();
    for (long seed : seeds) {
      for (Manifest manifest : manifests) {
        runs.add(SeededRun.write(manifest, seed, directory.resolve("manifests")));
      }
    }
    if (!runs.isEmpty()) {
      Task.check(runs);
    }
    return runs;
  }

  private void runToEnd(SeededRun run) {
    stop.check();
    String name = run.manifest().name();
    try (Storage storage = Session.openStorage(run.manifest())) {
      if (place(run, storage).isFinished(run.manifest())) {
        messages.accept(name + " is finished already.");
        return;
      }
    }
    messages.accept("Running " + name + ".");
    // Stages are processes of their own, as on a cluster: what the estimate leaves behind would
    // count as training's memory for the seed that samples the table, and for no other.
    if (run.manifest().spec().algorithm().type() == AlgorithmType.APO) {
      child("estimate", run);
    }
    child("run", run);
  }

  private void child(String command, SeededRun run) {
    String name = run.manifest().name();
    var line = new ArrayList<>(List.of(command, run.file().toString()));
    line.addAll(List.of("--work-dir", directory.resolve("work").resolve(name).toString()));
    line.addAll(childOptions);
    ChildProcess.run("The run " + name, line, stop);
  }

  private static RunPlace place(SeededRun run, Storage storage) {
    Manifest manifest = run.manifest();
    return new RunPlace(
        manifest.name(), storage, new RunKeys(manifest.namespace(), manifest.name(), LOCAL).root());
  }

  private FinishedRun read(RunPlace place, Manifest manifest) {
    FinishedRun run = place.read();
    if (run.divergence() != null) {
      return run;
    }
    messages.accept("Measuring how far " + run.name() + " is from its starting model.");
    Path work = directory.resolve("work").resolve(run.name());
    var launch = new Launch(LOCAL, 1, 0, work, Devices.parse(System.getenv(Devices.VARIABLE)));
    String trained = place.storage().uri(place.key(RunKeys.MODEL));
    place.writeDivergence(new Divergence(launch, stop).measure(manifest, trained));
    return place.read();
  }

  /** The same for a run whose model and data may be out of reach from here. */
  private FinishedRun read(RunPlace place, StorageOptions options) {
    try {
      return read(place, manifest(place, options));
    } catch (ApoException e) {
      FinishedRun run = place.read();
      if (e.exitCode() == ExitCode.STOPPED) {
        throw e;
      }
      messages.accept("The KL of " + run.name() + " is not known: " + e.getMessage());
      return run;
    }
  }

  /** A manifest that says what a run's said, as far as it decides the result. */
  private static Manifest manifest(RunPlace place, StorageOptions options) {
    ObjectNode spec = place.spec().deepCopy();
    ObjectNode storage = spec.putObject("storage").put("uri", place.storage().uri(""));
    if (options.endpoint() != null) {
      storage.put("endpoint", options.endpoint());
    }
    if (options.region() != null) {
      storage.put("region", options.region());
    }
    String text = SeededRun.document("default", place.name(), spec).toString();
    return ManifestReader.parse(text, Path.of(RunKeys.SPEC));
  }

  /** {@code …/runs/NAMESPACE/NAME/UID}; another directory is its own name. */
  private static String name(String address) {
    String[] parts = address.replaceAll("/+$", "").split("/");
    int last = parts.length - 1;
    return last >= 3 && parts[last - 3].equals("runs") ? parts[last - 1] : parts[last];
  }

  private static void checkDistinct(List<FinishedRun> runs) {
    var addresses = new HashSet<String>();
    var seeds = new HashSet<String>();
    for (FinishedRun run : runs) {
      if (!addresses.add(run.address()) || !seeds.add(run.method() + " " + run.seed())) {
        throw new ApoException(
            ExitCode.USAGE,
            "The run " + run.name() + " of seed " + run.seed() + " is named twice; name it once.");
      }
    }
  }

  private void tellWhatIsMissing(Comparison comparison) {
    for (Method method : comparison.methods()) {
      if (method.estimateSeconds() == null) {
        messages.accept(
            method.name()
                + " found its V* table: the time of a run that is not compared here, which sampled it, is left out. Add that run with --runs.");
      }
    }
  }

  private static byte[] json(Comparison comparison) {
    try {
      JsonNode tree = JSON.valueToTree(comparison);
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(tree);
    } catch (IOException e) {
      throw new IllegalStateException("a record of plain values", e);
    }
  }

  private void write(String name, byte[] content) {
    Path file = directory.resolve(name);
    try {
      Files.createDirectories(directory);
      Files.write(file, content);
    } catch (IOException e) {
      throw FileErrors.explain("write", file, e);
    }
  }
}
