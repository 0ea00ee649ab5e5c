package dev.apo.worker.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

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

  private AtomicFile() {}

  /** Creates or replaces the file; missing directories are created. */
  static void write(Path target, Content content) throws IOException {
    Path directory = target.toAbsolutePath().getParent();
    if (directory == null) {
      throw new FileNotFoundException(target + " is no file name");
    }
    createDirectories(directory);
    Path temporary = directory.resolve(TEMPORARY + UUID.randomUUID());
    try {
      try (FileChannel channel =
              FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          OutputStream out = Channels.newOutputStream(channel)) {
        content.writeTo(out);
        channel.force(true);
      }
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
    flushDirectory(directory);
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
