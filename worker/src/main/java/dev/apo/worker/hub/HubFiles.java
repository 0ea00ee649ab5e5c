package dev.apo.worker.hub;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import dev.apo.worker.model.ModelDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Files of the hub on the local disk. A revision that was once resolved to a commit stays that
 * commit, however the branch moves.
 */
public final class HubFiles {
  private static final Pattern WEIGHTS = Pattern.compile("model.*\\.safetensors(\\.index\\.json)?");

  /** Written last, into a model's directory. */
  private static final String COMPLETE = ".complete";

  private final Path cache;
  private final Map<String, String> environment;
  private final Map<String, String> commits;
  private final Consumer<String> messages;

  /**
   * @param cache directory for downloads
   * @param environment names the hub and holds the token
   * @param commits by repository and revision, as an earlier process has found them
   * @param messages is told of downloads
   */
  public HubFiles(
      Path cache,
      Map<String, String> environment,
      Map<String, String> commits,
      Consumer<String> messages) {
    this.cache = cache;
    this.environment = environment;
    this.commits = new TreeMap<>(commits);
    this.messages = messages;
  }

  /** Commits by repository and revision: those that were given, and those found since. */
  public Map<String, String> commits() {
    return new TreeMap<>(commits);
  }

  /**
   * A model's directory, or its file if the address names one.
   *
   * @param revision commit, tag or branch, or null
   */
  public Path model(String uri, String revision) {
    return download(HubAddress.parse(uri).at(revision));
  }

  /** A data file. */
  public Path file(String uri) {
    HubAddress address = HubAddress.parse(uri);
    if (address.file() == null) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST,
          uri + " names no file; write hf://datasets/owner/name/file, as the hub's page lists it.");
    }
    return download(address);
  }

  /**
   * Files below a folder of a data set.
   *
   * @param folder its address
   * @param which takes a name relative to the folder
   * @return paths on the disk by that name, sorted
   */
  public SortedMap<String, Path> files(String folder, Predicate<String> which) {
    HubAddress address = HubAddress.parse(folder.replaceFirst("/+$", ""));
    String prefix = address.file() == null ? "" : address.file() + "/";
    var found = new TreeMap<String, Path>();
    bring(
        address,
        files ->
            files.stream()
                .filter(file -> file.name().startsWith(prefix))
                .filter(file -> which.test(file.name().substring(prefix.length())))
                .toList(),
        (file, path) -> found.put(file.name().substring(prefix.length()), path));
    return found;
  }

  private Path download(HubAddress address) {
    String known = commits.get(address.source());
    if (known != null && isHere(address, known)) {
      return place(address, known);
    }
    String commit = bring(address, files -> wanted(address, files), (file, path) -> {});
    if (address.file() == null) {
      mark(directory(address, commit).resolve(COMPLETE));
    }
    return place(address, commit);
  }

  /** Downloads what is missing of the files that are chosen; returns the commit. */
  private String bring(
      HubAddress address,
      UnaryOperator<List<Snapshot.File>> choice,
      BiConsumer<Snapshot.File, Path> brought) {
    try (Hub hub = Hub.from(environment)) {
      Snapshot snapshot = hub.snapshot(address.at(commits.get(address.source())));
      commits.put(address.source(), snapshot.commit());
      Path directory = directory(address, snapshot.commit());
      List<Snapshot.File> chosen = choice.apply(snapshot.files());
      List<Snapshot.File> missing =
          chosen.stream().filter(file -> !Files.exists(directory.resolve(file.name()))).toList();
      if (!missing.isEmpty()) {
        messages.accept(told(address, snapshot.commit(), missing));
      }
      missing.forEach(file -> hub.download(snapshot, file, directory.resolve(file.name())));
      chosen.forEach(file -> brought.accept(file, directory.resolve(file.name())));
      return snapshot.commit();
    }
  }

  private Path directory(HubAddress address, String commit) {
    return cache
        .resolve((address.dataset() ? "datasets/" : "models/") + address.repository())
        .resolve(commit);
  }

  private Path place(HubAddress address, String commit) {
    Path directory = directory(address, commit);
    return address.file() == null ? directory : directory.resolve(address.file());
  }

  /** Whether everything of a commit was brought before, so that nobody need be asked. */
  private boolean isHere(HubAddress address, String commit) {
    String last = address.file() == null ? COMPLETE : address.file();
    return Files.exists(directory(address, commit).resolve(last));
  }

  private static void mark(Path file) {
    try {
      Files.write(file, new byte[0]);
    } catch (IOException e) {
      throw FileErrors.explain("write", file, e);
    }
  }

  private static List<Snapshot.File> wanted(HubAddress address, List<Snapshot.File> files) {
    String name = address.file();
    List<Snapshot.File> wanted =
        files.stream()
            .filter(file -> name == null ? isOfModel(file.name()) : name.equals(file.name()))
            .toList();
    if (name != null && wanted.isEmpty()) {
      throw new ApoException(
          ExitCode.NOT_FOUND, "There is no file " + address + "; check its name.");
    }
    if (name == null && wanted.stream().noneMatch(file -> WEIGHTS.matcher(file.name()).matches())) {
      throw new ApoException(
          ExitCode.BAD_DATA,
          address + " holds no model.safetensors; take a model that is stored as safetensors.");
    }
    return wanted;
  }

  private static boolean isOfModel(String name) {
    return ModelDirectory.COMPANIONS.contains(name) || WEIGHTS.matcher(name).matches();
  }

  private static String told(HubAddress address, String commit, List<Snapshot.File> files) {
    long bytes = files.stream().mapToLong(file -> Math.max(0, file.size())).sum();
    return "Downloading %s at %s: %s, %d MiB."
        .formatted(
            address,
            commit.substring(0, 12),
            files.size() == 1 ? "one file" : files.size() + " files",
            (bytes + (1 << 20) - 1) >> 20);
  }
}
