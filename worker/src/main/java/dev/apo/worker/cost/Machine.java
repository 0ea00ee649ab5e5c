package dev.apo.worker.cost;

import ai.djl.engine.Engine;

/**
 * The devices that a stage holds while it runs.
 *
 * @param gpus that the engine sees
 * @param cores that the engine's threads use
 */
public record Machine(int gpus, int cores) {
  /** What the engine works on; loads the engine. */
  public static Machine ofEngine() {
    return new Machine(Engine.getInstance().getGpuCount(), engineThreads());
  }

  /** What a stage works on that has no use for a GPU. */
  public static Machine withoutGpu() {
    return new Machine(0, engineThreads());
  }

  private static int engineThreads() {
    String threads = System.getenv("OMP_NUM_THREADS");
    return threads != null && threads.matches("[1-9]\\d{0,4}")
        ? Integer.parseInt(threads)
        : Runtime.getRuntime().availableProcessors();
  }
}
