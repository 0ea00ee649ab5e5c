package dev.apo.worker.run;

import dev.apo.api.v1alpha1.ModelSpec;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import dev.apo.worker.gguf.GgufImport;
import dev.apo.worker.hub.HubAddress;
import dev.apo.worker.hub.HubFiles;
import dev.apo.worker.storage.Sha256;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.storage.StoredObject;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

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
      return object(uri, "spec.model.uri");
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

  /** One data file. */
  public Path file(String uri) {
    if (uri.startsWith(HubAddress.SCHEME)) {
      return hub.file(uri);
    }
    if (!uri.startsWith("s3://")) {
      Path file = local(uri);
      if (Files.notExists(file)) {
        throw new ApoException(
            ExitCode.NOT_FOUND, "The data file " + file + " does not exist; check spec.data.");
      }
      if (Files.isDirectory(file)) {
        throw new ApoException(
            ExitCode.NOT_FOUND,
            "The data file " + file + " is a directory; name a file in spec.data.");
      }
      return file;
    }
    return object(uri, "spec.data");
  }

  /**
   * @param field what names it, for messages
   */
  private Path object(String uri, String field) {
    int slash = uri.lastIndexOf('/');
    String key = uri.substring(slash + 1);
    try (Storage storage = open.apply(uri.substring(0, slash))) {
      StoredObject object =
          storage
              .stat(key)
              .orElseThrow(
                  () ->
                      new ApoException(
                          ExitCode.NOT_FOUND,
                          "There is no object " + uri + "; check " + field + "."));
      Path target = cache.resolve(name(uri, object.size() + " " + object.digest())).resolve(key);
      if (!Files.exists(target)) {
        storage.download(key, target);
      }
      return target;
    }
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
