package dev.apo.worker.hub;

import java.util.List;

/**
 * A repository at one commit.
 *
 * @param commit its hash
 */
record Snapshot(HubAddress address, String commit, List<File> files) {

  /**
   * A file of a repository.
   *
   * @param size in bytes; -1 if the hub does not tell
   * @param sha256 hexadecimal; null if the hub does not tell, as for small files
   */
  record File(String name, long size, String sha256) {}
}
