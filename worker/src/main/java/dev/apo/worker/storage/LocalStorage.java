package dev.apo.worker.storage;

import dev.apo.worker.FileErrors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A directory of files. The directory is created by the first write. Unlike in a bucket, a name
 * cannot be both an object and the beginning of others ({@code a} and {@code a/b}).
 */
final class LocalStorage implements Storage {
  private final Path root;

  LocalStorage(Path root) {
    this.root = root.toAbsolutePath().normalize();
  }

  @Override
  public byte[] read(String key) {
    Path file = existing(key);
    return attempt("read", file, () -> Files.readAllBytes(file));
  }

  @Override
  public void download(String key, Path target) {
    Path file = existing(key);
    attempt("copy", file, () -> replace(target, out -> Files.copy(file, out)));
  }

  @Override
  public void write(String key, byte[] content) {
    Path file = path(key);
    attempt("write", file, () -> replace(file, out -> out.write(content)));
  }

  @Override
  public void upload(String key, Path source) {
    Path file = path(key);
    attempt("write", file, () -> replace(file, out -> Files.copy(source, out)));
  }

  @Override
  public Optional<StoredObject> stat(String key) {
    Path file = path(key);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    return Optional.of(attempt("read", file, () -> describe(file)));
  }

  @Override
  public List<StoredObject> list(String directory) {
    Path start = directory.isEmpty() ? root : path(directory);
    if (!Files.isDirectory(start)) {
      return List.of();
    }
    return attempt("list", start, () -> walk(start));
  }

  @Override
  public void delete(String key) {
    Path file = path(key);
    attempt("delete", file, () -> Files.isRegularFile(file) && Files.deleteIfExists(file));
  }

  @Override
  public String uri(String key) {
    return (key.isEmpty() ? root : path(key)).toUri().toString();
  }

  @Override
  public void close() {}

  private Path path(String key) {
    return root.resolve(Keys.check(key));
  }

  private Path existing(String key) {
    Path file = path(key);
    if (!Files.isRegularFile(file)) {
      throw FileErrors.notFound(file, null);
    }
    return file;
  }

  private List<StoredObject> walk(Path start) throws IOException {
    try (Stream<Path> files = Files.walk(start)) {
      return files
          .filter(file -> !file.getFileName().toString().startsWith(AtomicFile.TEMPORARY))
          .filter(Files::isRegularFile)
          .map(this::describeOrFail)
          .sorted(Comparator.comparing(StoredObject::key))
          .toList();
    }
  }

  private StoredObject describeOrFail(Path file) {
    try {
      return describe(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private StoredObject describe(Path file) throws IOException {
    String key = root.relativize(file).toString().replace('\\', '/');
    return new StoredObject(key, Files.size(file), null);
  }

  private static Path replace(Path file, AtomicFile.Content content) throws IOException {
    AtomicFile.write(file, content);
    return file;
  }

  private interface FileCall<T> {
    T run() throws IOException;
  }

  private static <T> T attempt(String verb, Path file, FileCall<T> call) {
    try {
      return call.run();
    } catch (IOException e) {
      throw FileErrors.explain(verb, file, e);
    } catch (UncheckedIOException e) {
      throw FileErrors.explain(verb, file, e.getCause());
    }
  }
}
