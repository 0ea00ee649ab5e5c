package dev.apo.worker.run;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.engine.Devices;
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
 * @param devices that models are put on
 */
public record Launch(String uid, int attempt, int shard, Path workDirectory, Devices devices) {

  /** Reads the environment of the worker contract. */
  public static Launch from(Map<String, String> env, Path defaultWorkDirectory, Devices devices) {
    String work = env.get("APO_WORK_DIR");
    return new Launch(
        env.getOrDefault("APO_UID", "local"),
        number(env, "APO_ATTEMPT", 1),
        number(env, "JOB_COMPLETION_INDEX", 0),
        work == null ? defaultWorkDirectory : Path.of(work),
        devices);
  }

  /**
   * A variable that holds a whole number.
   *
   * @param otherwise if it is not set
   * @throws ApoException USAGE if it holds something else
   */
  public static Integer number(Map<String, String> env, String name, Integer otherwise) {
    String value = env.get(name);
    try {
      return value == null ? otherwise : Integer.valueOf(value);
    } catch (NumberFormatException e) {
      throw new ApoException(
          ExitCode.USAGE,
          "The environment variable " + name + " is \"" + value + "\"; it must be a whole number.",
          e);
    }
  }
}
