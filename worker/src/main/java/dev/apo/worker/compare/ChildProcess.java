package dev.apo.worker.compare;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.StopSignal;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * This program once more, as a process of its own: a process's peak memory says nothing about one
 * of several runs in it. Its progress goes where this program's goes.
 */
final class ChildProcess {
  private static final String MAIN = "dev.apo.worker.cli.Apo";
  private static final long LOOK_MILLIS = 200;

  private ChildProcess() {}

  /**
   * Runs a command to its end; asked to stop, it asks the process to.
   *
   * @param what it does, for messages
   * @throws ApoException of the process's own class if it fails
   */
  static void run(String what, List<String> command, StopSignal stop) {
    try {
      Process process =
          new ProcessBuilder(line(command))
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      boolean asked = false;
      while (!process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        if (stop.requested() && !asked) {
          process.destroy();
          asked = true;
        }
      }
      stop.check();
      if (process.exitValue() != 0) {
        throw new ApoException(code(process.exitValue()), what + " failed; what it said is above.");
      }
    } catch (IOException e) {
      throw new ApoException(
          ExitCode.INTERNAL, "No process can be started: " + e.getMessage() + ".", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static List<String> line(List<String> command) {
    var line = new ArrayList<String>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Agents, such as a debugger's, are this process's alone.
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> !argument.startsWith("-agent") && !argument.startsWith("-javaagent"))
        .forEach(line::add);
    // As in the apo script: the engine asks nobody.
    line.addAll(List.of("-Dai.djl.offline=true", "-DOPT_OUT_TRACKING=true"));
    line.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN));
    line.addAll(command);
    return line;
  }

  private static ExitCode code(int value) {
    return Arrays.stream(ExitCode.values())
        .filter(code -> code.value() == value)
        .findFirst()
        .orElse(ExitCode.INTERNAL);
  }
}
