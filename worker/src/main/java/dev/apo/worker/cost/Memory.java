package dev.apo.worker.cost;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The memory that this process has used. */
public final class Memory {
  private static final String PEAK = "VmHWM:";

  private Memory() {}

  /**
   * Largest resident set so far, in MiB, native memory included; 0 where the kernel does not tell.
   */
  public static double peakMiB() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith(PEAK)) {
          return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
        }
      }
    } catch (IOException e) {
      // Not Linux.
    }
    return 0;
  }
}
