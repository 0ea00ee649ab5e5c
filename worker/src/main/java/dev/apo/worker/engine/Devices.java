package dev.apo.worker.engine;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.model.ModelConfig;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Where models compute: one replica on each device.
 *
 * @param named the CPU, once or more, or different GPUs; empty: what there is
 */
public record Devices(List<Device> named) {
  /** All GPUs that the engine sees, else the CPU as it suits the model. */
  public static final Devices PRESENT = new Devices(List.of());

  public static final String VARIABLE = "APO_DEVICES";

  private static final Pattern LIST = Pattern.compile("cpu(,cpu)*|gpu:\\d{1,3}(,gpu:\\d{1,3})*");

  /** Weights up to this size, in float32, stay in a core's caches. */
  private static final long SMALL_MODEL_BYTES = 16L << 20;

  /** Replicas of a small model. */
  private static final int MOST = 8;

  /**
   * @param names such as {@code gpu:0,gpu:1} or {@code cpu,cpu}; empty or null for {@link #PRESENT}
   * @throws ApoException USAGE if that is no such list
   */
  public static Devices parse(String names) {
    if (names == null || names.isEmpty()) {
      return PRESENT;
    }
    boolean list = LIST.matcher(names).matches();
    List<Device> all = list ? Stream.of(names.split(",")).map(Devices::device).toList() : List.of();
    boolean twice = list && all.get(0).isGpu() && new HashSet<>(all).size() < all.size();
    if (!list || twice) {
      throw new ApoException(
          ExitCode.USAGE,
          "The devices (--devices or "
              + VARIABLE
              + ") are \""
              + names
              + "\"; they must be different GPUs, such as gpu:0,gpu:1, or the CPU once for each"
              + " replica, such as cpu,cpu.");
    }
    return new Devices(all);
  }

  private static Device device(String name) {
    return name.equals("cpu")
        ? Device.cpu()
        : Device.gpu(Integer.parseInt(name.substring(name.indexOf(':') + 1)));
  }

  /** So many replicas on the CPU. */
  public static Devices cpus(int count) {
    return new Devices(Collections.nCopies(count, Device.cpu()));
  }

  /** Whether what an operation takes to begin counts as much as what it computes. */
  static boolean isSmall(ModelConfig config) {
    return isSmall(bytes(config));
  }

  private static boolean isSmall(long bytes) {
    return bytes <= SMALL_MODEL_BYTES;
  }

  private static long bytes(ModelConfig config) {
    return config.parameterCount() * Float.BYTES;
  }

  /**
   * The devices for a model; loads the engine.
   *
   * @return at least one
   * @throws ApoException USAGE if a named GPU is not there
   */
  List<Device> forModel(ModelConfig config) {
    return among(Engine.getInstance().getGpuCount(), JniUtils.getNumThreads(), bytes(config));
  }

  /**
   * A small model's operations are too short to be shared by several cores: one core per replica
   * does more. A large model's weights are better read once for all cores, so it has one replica.
   */
  List<Device> among(int gpus, int cores, long bytes) {
    named.stream()
        .filter(device -> device.isGpu() && device.getDeviceId() >= gpus)
        .findFirst()
        .ifPresent(
            missing -> {
              throw new ApoException(
                  ExitCode.USAGE,
                  "The devices (--devices or "
                      + VARIABLE
                      + ") name gpu:"
                      + missing.getDeviceId()
                      + ", and the engine sees "
                      + gpus
                      + " GPUs; their numbers begin at 0.");
            });
    if (!named.isEmpty()) {
      return named;
    }
    return gpus > 0
        ? IntStream.range(0, gpus).mapToObj(Device::gpu).toList()
        : cpus(isSmall(bytes) ? Math.min(MOST, cores) : 1).named();
  }
}
