package dev.apo.worker.engine;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;

/**
 * How much of a device's memory may be taken by what can do with less.
 *
 * @param cacheBytes keys and values of all responses that are sampled at once
 * @param activationBytes kept for a backward pass
 */
record Room(long cacheBytes, long activationBytes) {
  /** On a processor more is no faster, and the memory is not ours alone. */
  static final Room OF_A_PROCESSOR = new Room(512L << 20, 256L << 20);

  static Room on(Device device) {
    if (!device.isGpu()) {
      return OF_A_PROCESSOR;
    }
    try {
      return ofAGpuWith(CudaUtils.getGpuMemory(device).getMax());
    } catch (RuntimeException | LinkageError e) {
      // A driver that does not tell.
      return OF_A_PROCESSOR;
    }
  }

  /** A quarter each; half is for weights and the optimizer's state. */
  static Room ofAGpuWith(long bytes) {
    return new Room(bytes / 4, bytes / 4);
  }
}
