package dev.apo.worker.run;

import java.nio.file.Path;
import java.util.Map;

/**
 * What a process is told beside the manifest: by its Job on a cluster (docs/worker-contract.md), by
 * nobody on a laptop.
 *
 * @param uid of the resource
 * @param attempt number of this attempt at the stage, from 1
 * @param shard index of the shard to estimate, from 0
 * @param workDirectory scratch space of this process; losing it loses nothing
 */
public record Launch(String uid, int attempt, int shard, Path workDirectory) {

  /** Reads the environment of the worker contract. */
  public static Launch from(Map<String, String> env, Path defaultWorkDirectory) {
    String work = env.get("APO_WORK_DIR");
    return new Launch(
        env.getOrDefault("APO_UID", "local"),
        Integer.parseInt(env.getOrDefault("APO_ATTEMPT", "1")),
        Integer.parseInt(env.getOrDefault("JOB_COMPLETION_INDEX", "0")),
        work == null ? defaultWorkDirectory : Path.of(work));
  }
}
