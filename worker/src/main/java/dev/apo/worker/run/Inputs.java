package dev.apo.worker.run;

import dev.apo.api.v1alpha1.ModelSpec;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import dev.apo.worker.data.DataFile;
import dev.apo.worker.gguf.GgufImport;
import dev.apo.worker.hub.HubAddress;
import dev.apo.worker.hub.HubFiles;
import dev.apo.worker.storage.Sha256;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.storage.StoredObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Brings the model and the data to the local disk. Files that are there already are used in place;
 * objects are downloaded once into a cache that their sizes and checksums name.
 *
 * @param baseDirectory where relative paths of the manifest begin
 * @param cache directory for downloads
 * @param open opens a bucket and prefix with the manifest's storage settings
 * @param hub brings what is on the hub
 * @param messages is told of what takes a while
 */
public record Inputs(
    Path baseDirectory,
    Path cache,
    Function<String, Storage> open,
    HubFiles hub,
    Consumer<String> messages) {

  /** The directory of a model; one that is a single file is unpacked into the cache. */
  public Path model(ModelSpec model) {
    Path found = found(model);
    return GgufImport.isFile(model.uri()) && Files.isRegularFile(found)
        ? GgufImport.directory(found, cache, messages)
        : found;
  }

  private Path found(ModelSpec model) {
    String uri = model.uri();
    if (uri.startsWith(HubAddress.SCHEME)) {
      return hub.model(uri, model.revision());
    }
    if (GgufImport.isFile(uri) && uri.startsWith("s3://")) {
      return object(uri, "spec.model.uri").path();
    }
    if (!uri.startsWith("s3://")) {
      return local(uri);
    }
    try (Storage storage = open.apply(uri)) {
      List<StoredObject> objects = storage.list("");
      if (objects.isEmpty()) {
        throw new ApoException(
            ExitCode.NOT_FOUND, "There is no model at " + uri + "; check spec.model.uri.");
      }
      String version =
          objects.stream()
              .map(o -> o.key() + " " + o.size() + " " + o.digest())
              .collect(Collectors.joining("\n"));
      Path directory = cache.resolve(name(uri, version));
      for (StoredObject object : objects) {
        Path target = directory.resolve(object.key());
        if (!Files.exists(target)) {
          storage.download(object.key(), target);
        }
      }
      return directory;
    }
  }

  /**
   * The data files at some addresses, each once: in the order of the addresses, and of their names
   * where an address has an asterisk.
   *
   * @param field what names them in the manifest, for messages
   */
  public List<DataFile> files(String field, List<String> uris) {
    var files = new LinkedHashMap<String, DataFile>();
    for (String uri : uris) {
      List<DataFile> found = Glob.isOne(uri) ? matches(field, uri) : List.of(file(field, uri));
      found.forEach(file -> files.putIfAbsent(file.name(), file));
    }
    return List.copyOf(files.values());
  }

  private DataFile file(String field, String uri) {
    if (uri.startsWith(HubAddress.SCHEME)) {
      return new DataFile(uri, hub.file(uri));
    }
    if (!uri.startsWith("s3://")) {
      Path file = local(uri);
      if (Files.notExists(file)) {
        throw missing("The data file " + file + " does not exist; check " + field + ".");
      }
      if (Files.isDirectory(file)) {
        throw folder(field, uri, file.toString());
      }
      return new DataFile(file.toString(), file);
    }
    return object(uri, field);
  }

  /**
   * @param field what names it, for messages
   */
  private DataFile object(String uri, String field) {
    int slash = uri.lastIndexOf('/');
    if (slash < "s3://".length() || slash == uri.length() - 1) {
      throw folder(field, uri, uri);
    }
    try (Storage storage = open.apply(uri.substring(0, slash))) {
      StoredObject object =
          storage
              .stat(uri.substring(slash + 1))
              .orElseThrow(() -> missing("There is no object " + uri + "; check " + field + "."));
      return download(storage, object);
    }
  }

  private List<DataFile> matches(String field, String uri) {
    List<DataFile> found =
        uri.startsWith(HubAddress.SCHEME)
            ? onHub(Glob.of(uri))
            : uri.startsWith("s3://") ? stored(Glob.of(uri)) : onDisk(uri);
    if (found.isEmpty()) {
      throw missing("No file matches " + uri + "; check " + field + ".");
    }
    return found;
  }

  private List<DataFile> onHub(Glob glob) {
    var files = new ArrayList<DataFile>();
    hub.files(glob.directory(), glob::matches)
        .forEach((name, path) -> files.add(new DataFile(glob.directory() + name, path)));
    return files;
  }

  private List<DataFile> stored(Glob glob) {
    try (Storage storage = open.apply(glob.directory())) {
      return storage.list("").stream()
          .filter(object -> glob.matches(object.key()))
          .map(object -> download(storage, object))
          .toList();
    }
  }

  private List<DataFile> onDisk(String uri) {
    Glob glob = Glob.of(uri.startsWith("file:") ? URI.create(uri).getPath() : uri);
    Path directory = local(glob.directory());
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(directory, glob.depth())) {
      return all.filter(Files::isRegularFile)
          .map(file -> directory.relativize(file).toString().replace('\\', '/'))
          .filter(glob::matches)
          .sorted()
          .map(name -> new DataFile(directory.resolve(name).toString(), directory.resolve(name)))
          .toList();
    } catch (IOException e) {
      throw FileErrors.explain("list", directory, e);
    } catch (UncheckedIOException e) {
      throw FileErrors.explain("list", directory, e.getCause());
    }
  }

  private DataFile download(Storage storage, StoredObject object) {
    String uri = storage.uri(object.key());
    Path target =
        cache
            .resolve(name(uri, object.size() + " " + object.digest()))
            .resolve(uri.substring(uri.lastIndexOf('/') + 1));
    if (!Files.exists(target)) {
      storage.download(object.key(), target);
    }
    return new DataFile(uri, target);
  }

  private static ApoException folder(String field, String uri, String name) {
    return missing(
        "The data file "
            + name
            + " is a directory; name a file in "
            + field
            + ", or several, such as "
            + uri.replaceFirst("/+$", "")
            + "/*.jsonl.");
  }

  private static ApoException missing(String sentence) {
    return new ApoException(ExitCode.NOT_FOUND, sentence);
  }

  private Path local(String uri) {
    return uri.startsWith("file:")
        ? Path.of(URI.create(uri))
        : baseDirectory.resolve(uri).normalize();
  }

  private String name(String uri, String version) {
    try {
      Files.createDirectories(cache);
    } catch (IOException e) {
      throw FileErrors.explain("write", cache, e);
    }
    return Sha256.of((uri + "\n" + version).getBytes(StandardCharsets.UTF_8)).substring(0, 24);
  }
}
