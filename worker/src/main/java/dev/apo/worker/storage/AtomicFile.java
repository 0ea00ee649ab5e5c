package dev.apo.worker.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Files that appear at once and whole, and stay after a power cut: written beside their place,
 * flushed to the disk, then renamed.
 */
final class AtomicFile {
  /** How names of unfinished files begin. */
  static final String TEMPORARY = ".apo-tmp-";

  /** Produces a file's content. */
  interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  /** How often a file is begun again because its directory was tidied away. */
  private static final int TRIES = 10;

  /** Names of the unfinished files of this process, which must not even open them to look. */
  private static final Set<String> OURS = ConcurrentHashMap.newKeySet();

  private AtomicFile() {}

  /** Creates or replaces the file; missing directories are created. */
  static void write(Path target, Content content) throws IOException {
    Path directory = target.toAbsolutePath().getParent();
    if (directory == null) {
      throw new FileNotFoundException(target + " is no file name");
    }
    String name = TEMPORARY + UUID.randomUUID();
    Path temporary = directory.resolve(name);
    OURS.add(name);
    try {
      try (FileChannel channel = create(temporary);
          OutputStream out = Channels.newOutputStream(channel)) {
        content.writeTo(out);
        channel.force(true);
        Files.move(
            temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      }
    } finally {
      Files.deleteIfExists(temporary);
      OURS.remove(name);
    }
    try {
      flushDirectory(directory);
    } catch (NoSuchFileException e) {
      // Deleted by another process since, with its directory.
    }
  }

  /**
   * Removes an unfinished file whose writer is dead: nobody has it locked. A file that was touched
   * lately stays as well, for file systems on which a lock is not seen by other machines.
   */
  static void removeIfAbandoned(Path temporary, Instant touchedBefore) throws IOException {
    if (OURS.contains(temporary.getFileName().toString())
        || Files.getLastModifiedTime(temporary).toInstant().isAfter(touchedBefore)) {
      return;
    }
    try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock != null) {
        Files.delete(temporary);
      }
    }
  }

  /** A new file, locked as long as it is open: that its writer lives. */
  private static FileChannel create(Path temporary) throws IOException {
    for (int i = 1; ; i++) {
      try {
        createDirectories(temporary.getParent());
        FileChannel channel =
            FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        lock(channel);
        return channel;
      } catch (NoSuchFileException | FileAlreadyExistsException e) {
        // An empty directory was tidied away before the file was in it.
        if (i == TRIES) {
          throw e;
        }
      }
    }
  }

  private static void lock(FileChannel channel) {
    try {
      channel.lock();
    } catch (IOException e) {
      // Some file systems have no locks; there nothing can be locked to be removed either.
    }
  }

  private static void createDirectories(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      return;
    }
    Path parent = directory.getParent();
    if (parent != null) {
      createDirectories(parent);
    }
    // Not createDirectory: another process may be doing the same.
    Files.createDirectories(directory);
    if (parent != null) {
      flushDirectory(parent);
    }
  }

  /** A rename is only safe from a power cut once the directory itself is on the disk. */
  private static void flushDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
