package dev.apo.worker.storage;

import dev.apo.worker.FileErrors;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A directory of files. The directory is created by the first write. Unlike in a bucket, a name
 * cannot be both an object and the beginning of others ({@code a} and {@code a/b}).
 */
final class LocalStorage implements Storage {
  /**
   * An unfinished file that nobody has written to for so long may be removed if it is not locked.
   */
  static final Duration ABANDONED = Duration.ofMinutes(10);

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
  public String sha256(String key) {
    Path file = existing(key);
    return attempt("read", file, () -> Sha256.of(file));
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
    return attempt("read", file, () -> find(file));
  }

  @Override
  public List<StoredObject> list(String directory) {
    Path start = directory(directory);
    if (!Files.isDirectory(start)) {
      return List.of();
    }
    return attempt("list", start, () -> walk(start));
  }

  @Override
  public void delete(String key) {
    Path file = path(key);
    attempt("delete", file, () -> Files.isRegularFile(file) && Files.deleteIfExists(file));
    Path above = file.getParent();
    while (!above.equals(root) && removeIfEmpty(above)) {
      above = above.getParent();
    }
  }

  @Override
  public void tidy(String directory) {
    Path start = directory(directory);
    if (Files.isDirectory(start)) {
      attempt("tidy", start, () -> Files.walkFileTree(start, new Tidying(start)));
    }
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

  private Path directory(String directory) {
    return directory.isEmpty() ? root : path(directory);
  }

  private List<StoredObject> walk(Path start) throws IOException {
    List<StoredObject> objects = new ArrayList<>();
    Files.walkFileTree(
        start,
        new Visitor() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (!isTemporary(file)) {
              find(file).ifPresent(objects::add);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    objects.sort(Comparator.comparing(StoredObject::key));
    return List.copyOf(objects);
  }

  private Optional<StoredObject> find(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    String key = root.relativize(file).toString().replace('\\', '/');
    try {
      return Optional.of(new StoredObject(key, Files.size(file), null));
    } catch (NoSuchFileException e) {
      // Deleted by another process since.
      return Optional.empty();
    }
  }

  private static boolean isTemporary(Path file) {
    return file.getFileName().toString().startsWith(AtomicFile.TEMPORARY);
  }

  /** Whether the directory is gone. */
  private static boolean removeIfEmpty(Path directory) {
    try {
      Files.deleteIfExists(directory);
      return true;
    } catch (IOException e) {
      // Something is in it, perhaps since a moment ago.
      return false;
    }
  }

  /** Goes through a tree that others change: what is gone on arrival was never met. */
  private static class Visitor extends SimpleFileVisitor<Path> {
    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
      if (e instanceof NoSuchFileException) {
        return FileVisitResult.CONTINUE;
      }
      throw e;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, IOException e) throws IOException {
      return e == null ? FileVisitResult.CONTINUE : visitFileFailed(directory, e);
    }
  }

  /** Removes abandoned files, then the directories that nothing is in. */
  private static final class Tidying extends Visitor {
    private final Path start;
    private final Instant touchedBefore = Instant.now().minus(ABANDONED);

    Tidying(Path start) {
      this.start = start;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if (isTemporary(file)) {
        try {
          AtomicFile.removeIfAbandoned(file, touchedBefore);
        } catch (IOException e) {
          // It stays: it may not be ours to remove, or is gone already.
        }
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) {
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path directory, IOException e) {
      if (!directory.equals(start)) {
        removeIfEmpty(directory);
      }
      return FileVisitResult.CONTINUE;
    }
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
    }
  }
}
