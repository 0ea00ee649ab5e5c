package dev.apo.worker.storage;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What makes a directory of objects a finished artifact: the list of its parts, written after all
 * of them. Without it the directory is work in progress, and with it every part can be checked.
 *
 * @param version of this format
 * @param parts sorted by name
 * @param metadata free text, such as what the artifact was made from
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record ArtifactManifest(int version, List<Part> parts, Map<String, String> metadata) {
  /** The manifest's own name within the artifact's directory. */
  public static final String NAME = "manifest.json";

  private static final int VERSION = 1;

  /**
   * One object of the artifact.
   *
   * @param name relative to the artifact's directory
   * @param size in bytes
   * @param sha256 of its content, in lower-case hexadecimal digits
   */
  public record Part(String name, long size, String sha256) {
    public Part {
      if (name == null || !Keys.isValid(name) || name.equals(NAME)) {
        throw new IllegalArgumentException("\"" + name + "\" cannot be the name of a part");
      }
      if (size < 0 || sha256 == null || !sha256.matches("[0-9a-f]{64}")) {
        throw new IllegalArgumentException("part " + name + " needs a size and a SHA-256");
      }
    }

    /** Describes content in memory. */
    public static Part of(String name, byte[] content) {
      return new Part(name, content.length, Sha256.of(content));
    }

    /** Describes a file. */
    public static Part of(String name, Path file) {
      try {
        return new Part(name, Files.size(file), Sha256.of(file));
      } catch (IOException e) {
        throw FileErrors.explain("read", file, e);
      }
    }
  }

  public ArtifactManifest {
    parts = parts.stream().sorted(Comparator.comparing(Part::name)).toList();
    metadata = Map.copyOf(metadata);
    if (parts.stream().map(Part::name).distinct().count() < parts.size()) {
      throw new IllegalArgumentException("two parts have the same name");
    }
  }

  /** Declares the artifact finished; its parts must have been written before. */
  public static ArtifactManifest write(
      Storage storage, String directory, List<Part> parts, Map<String, String> metadata) {
    ArtifactManifest manifest = new ArtifactManifest(VERSION, parts, metadata);
    storage.write(key(directory, NAME), StableJson.write(manifest));
    return manifest;
  }

  /**
   * Whether the artifact is finished and all its parts are there with the right sizes.
   *
   * @throws ApoException {@code BAD_ARTIFACT} if the list of parts itself is damaged
   */
  public static boolean isComplete(Storage storage, String directory) {
    if (storage.stat(key(directory, NAME)).isEmpty()) {
      return false;
    }
    Map<String, StoredObject> objects =
        storage.list(directory).stream()
            .collect(Collectors.toMap(StoredObject::key, Function.identity()));
    return read(storage, directory).parts.stream()
        .allMatch(
            part -> {
              StoredObject object = objects.get(key(directory, part.name()));
              return object != null && object.size() == part.size();
            });
  }

  /**
   * Reads the list of parts, but none of the parts.
   *
   * @throws ApoException {@code BAD_ARTIFACT} if the artifact is not finished or its list damaged
   */
  public static ArtifactManifest read(Storage storage, String directory) {
    String key = key(directory, NAME);
    byte[] content;
    try {
      content = storage.read(key);
    } catch (ApoException e) {
      if (e.exitCode() != ExitCode.NOT_FOUND) {
        throw e;
      }
      throw bad(
          "%s is not complete: it has no %s; run the stage that writes it again."
              .formatted(storage.uri(directory), NAME),
          e);
    }
    try {
      ArtifactManifest manifest = StableJson.read(content, ArtifactManifest.class);
      if (manifest.version != VERSION) {
        throw bad(
            "%s has version %d, but this program reads version %d; use the program that wrote it."
                .formatted(storage.uri(key), manifest.version, VERSION),
            null);
      }
      return manifest;
    } catch (IOException e) {
      throw bad(
          "%s is damaged; delete it and run the stage that writes it again."
              .formatted(storage.uri(key)),
          e);
    }
  }

  /**
   * Reads the list of parts and checks every part against it.
   *
   * @throws ApoException {@code BAD_ARTIFACT} that names the first part that is not as written
   */
  public static ArtifactManifest verify(Storage storage, String directory) {
    ArtifactManifest manifest = read(storage, directory);
    for (Part part : manifest.parts) {
      String key = key(directory, part.name());
      StoredObject object =
          storage.stat(key).orElseThrow(() -> missing(storage, directory, part.name(), null));
      String sha256 = found(storage, directory, part.name(), () -> storage.sha256(key));
      check(storage, directory, part, new Part(part.name(), object.size(), sha256));
    }
    return manifest;
  }

  /**
   * Whether the artifact is finished and every part of it as written; all of it is read.
   *
   * @param damage told what is wrong with one that is finished
   */
  public static boolean isWhole(Storage storage, String directory, Consumer<String> damage) {
    if (storage.stat(key(directory, NAME)).isEmpty()) {
      return false;
    }
    try {
      verify(storage, directory);
      return true;
    } catch (ApoException e) {
      if (e.exitCode() != ExitCode.BAD_ARTIFACT) {
        throw e;
      }
      damage.accept(e.getMessage());
      return false;
    }
  }

  /** One part's content, checked. */
  public byte[] read(Storage storage, String directory, String name) {
    Part expected = part(storage, directory, name);
    byte[] content = found(storage, directory, name, () -> storage.read(key(directory, name)));
    check(storage, directory, expected, Part.of(name, content));
    return content;
  }

  /** One part's content in a file, checked; if it is not as written, there will be no file. */
  public void download(Storage storage, String directory, String name, Path target) {
    Part expected = part(storage, directory, name);
    found(
        storage,
        directory,
        name,
        () -> {
          storage.download(key(directory, name), target);
          return target;
        });
    try {
      check(storage, directory, expected, Part.of(name, target));
    } catch (ApoException e) {
      delete(target);
      throw e;
    }
  }

  private Part part(Storage storage, String directory, String name) {
    return parts.stream()
        .filter(part -> part.name().equals(name))
        .findFirst()
        .orElseThrow(() -> missing(storage, directory, name, null));
  }

  private interface Transfer<T> {
    T run();
  }

  private static <T> T found(Storage storage, String directory, String name, Transfer<T> transfer) {
    try {
      return transfer.run();
    } catch (ApoException e) {
      throw e.exitCode() == ExitCode.NOT_FOUND ? missing(storage, directory, name, e) : e;
    }
  }

  private static void check(Storage storage, String directory, Part expected, Part actual) {
    if (!actual.equals(expected)) {
      String what =
          actual.size() == expected.size()
              ? "its SHA-256 is not the one in " + NAME
              : "it has %d bytes in place of %d".formatted(actual.size(), expected.size());
      throw bad(
          "%s is damaged: %s; delete it and run the stage that writes it again."
              .formatted(storage.uri(key(directory, expected.name())), what),
          null);
    }
  }

  private static ApoException missing(
      Storage storage, String directory, String name, Throwable cause) {
    return bad(
        "%s is missing part %s; run the stage that writes it again."
            .formatted(storage.uri(directory), name),
        cause);
  }

  private static ApoException bad(String message, Throwable cause) {
    return new ApoException(ExitCode.BAD_ARTIFACT, message, cause);
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw FileErrors.explain("delete", file, e);
    }
  }

  private static String key(String directory, String name) {
    return directory + "/" + name;
  }
}
