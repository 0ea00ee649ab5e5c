package dev.apo.worker.storage;

import dev.apo.worker.ApoException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Objects under one root: a bucket and prefix, or a directory. Keys are names relative to that
 * root, such as {@code vstar/4f2a/plan.json}, with {@code /} between the parts whatever the
 * platform.
 *
 * <p>Writes are atomic: a reader sees the old object, the new one or none, never a part of one. All
 * methods may be called by several threads at once.
 *
 * <p>Failures are {@link ApoException}s: {@code NOT_FOUND} for a missing object or bucket, {@code
 * DENIED} for refused credentials or permissions, {@code UNAVAILABLE} for a store that does not
 * answer, after all retries. A key that is no relative name, or that would leave the root, is an
 * {@link IllegalArgumentException}.
 */
public interface Storage extends AutoCloseable {

  /** The whole object. */
  byte[] read(String key);

  /** Writes the object to a file, replacing it at once when the whole object is there. */
  void download(String key, Path target);

  /** SHA-256 of the whole object, as {@link Sha256} writes it; all of it is read. */
  String sha256(String key);

  /** Creates or replaces an object. */
  void write(String key, byte[] content);

  /** Creates or replaces an object with the content of a file, however large. */
  void upload(String key, Path source);

  /** Size and digest of an object, or nothing if there is none. */
  Optional<StoredObject> stat(String key);

  /**
   * Every object below a directory, at any depth, sorted by key. The empty name is the root; a
   * directory that does not exist holds nothing.
   */
  List<StoredObject> list(String directory);

  /** Removes an object; does nothing if there is none. */
  void delete(String key);

  /**
   * Removes what writers that were killed left below a directory, and never what a living one
   * writes. Does what it can and never fails.
   */
  default void tidy(String directory) {}

  /** The full address of an object, for messages and records; empty for the root itself. */
  String uri(String key);

  @Override
  void close();
}
