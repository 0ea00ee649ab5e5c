package dev.apo.worker.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The training program, which notes what it holds at the moment when it tells of certain training
 * steps: {@code FILE STEP,STEP ARGUMENTS…} adds a line of JSON to the file for each.
 */
final class SelfMeasuring {
  private SelfMeasuring() {}

  /**
   * What a process holds.
   *
   * @param resident memory in KiB, native memory included, after a garbage collection
   * @param peak of it so far
   * @param heap in bytes, after a garbage collection
   * @param files that are open
   */
  record Holdings(int step, long resident, long peak, long heap, long files) {}

  public static void main(String[] args) {
    System.setErr(new Watch(Path.of(args[0]), args[1].split(",")));
    Apo.main(Arrays.copyOfRange(args, 2, args.length));
  }

  private static final class Watch extends PrintStream {
    private final Path file;
    private final String[] steps;

    Watch(Path file, String[] steps) {
      super(System.err, true);
      this.file = file;
      this.steps = steps;
    }

    @Override
    public void println(String line) {
      super.println(line);
      for (String step : steps) {
        if (line.contains(Workplace.trained(Integer.parseInt(step)))) {
          note(Integer.parseInt(step));
        }
      }
    }

    private void note(int step) {
      System.gc();
      long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
      try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
        var holdings = new Holdings(step, status("VmRSS:"), status("VmHWM:"), heap, files.count());
        Files.write(
            file,
            List.of(new ObjectMapper().writeValueAsString(holdings)),
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static long status(String name) throws IOException {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith(name))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .sum();
    }
  }
}
