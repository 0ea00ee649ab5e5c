package dev.apo.worker.drill;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.apo.worker.ApoException;
import dev.apo.worker.Drill;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/**
 * Gives a parser what nobody would write. It may take an input or refuse it with an {@link
 * ApoException} of a class that no retry mends; anything else is a fault: another exception, a
 * sentence that speaks of Java, a hang, memory out of proportion.
 */
final class Fuzz {
  /** Of each parser, small where the drill is a test among others. */
  static final int INPUTS = Integer.getInteger("drill.inputs", 200);

  /** Of processor time, which does not depend on what else the machine does. */
  private static final Duration MAX_TIME = Duration.ofSeconds(10);

  private static final Duration WATCHDOG = Duration.ofMinutes(3);
  private static final long MAX_ALLOCATION = 128L << 20;
  private static final int MAX_FAULTS = 12;
  private static final Pattern JAVA =
      Pattern.compile(
          "\\b(java|javax|dev|org|com|io)(\\.[a-z]\\w*)+\\.[A-Z]|[a-z](Exception|Error)\\b");
  private static final Set<ExitCode> REFUSALS =
      EnumSet.of(
          ExitCode.BAD_DATA, ExitCode.BAD_MANIFEST, ExitCode.NOT_FOUND, ExitCode.BAD_ARTIFACT);
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Takes an input or refuses it. */
  interface Parser {
    void parse(byte[] input) throws Exception;
  }

  private final Map<String, String> faults = new TreeMap<>();
  private Thread thread;

  /** Tries as many inputs as there are to be; fails with one example of each fault. */
  void run(String name, Mutator mutator, Parser parser) {
    ExecutorService worker =
        Executors.newSingleThreadExecutor(
            task -> {
              thread = new Thread(task, "fuzz " + name);
              thread.setDaemon(true);
              return thread;
            });
    try {
      for (int i = 0; i < INPUTS && faults.size() < MAX_FAULTS; i++) {
        byte[] input = mutator.next(new Random(31L * name.hashCode() + i));
        Future<String> verdict = worker.submit(() -> verdict(parser, input));
        if (!isOver(verdict, input)) {
          break;
        }
      }
    } finally {
      worker.shutdownNow();
    }
    assertThat(faults).as(name).isEmpty();
    Drill.passed("damaged input: " + name, INPUTS, "nothing", "at once");
  }

  private boolean isOver(Future<String> verdict, byte[] input) {
    try {
      String fault = verdict.get(WATCHDOG.toMillis(), TimeUnit.MILLISECONDS);
      if (fault != null) {
        note(fault, input);
      }
      return true;
    } catch (TimeoutException e) {
      note("hangs at " + Arrays.stream(thread.getStackTrace()).limit(12).toList(), input);
      return false;
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private void note(String fault, byte[] input) {
    if (faults.putIfAbsent(fault, shown(input)) == null) {
      keep(fault, input);
    }
  }

  private static void keep(String fault, byte[] input) {
    try {
      Path directory = Files.createDirectories(Path.of("target", "faults"));
      Files.write(directory.resolve(Integer.toHexString(fault.hashCode())), input);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String shown(byte[] input) {
    byte[] some = Arrays.copyOf(input, Math.min(input.length, 300));
    String text = new String(some, StandardCharsets.UTF_8);
    return input.length
        + " bytes: "
        + (text.contains("\uFFFD") ? Base64.getEncoder().encodeToString(some) : text);
  }

  /** What is wrong with how the parser takes it; null if nothing is. */
  private static String verdict(Parser parser, byte[] input) {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    long began = THREADS.getCurrentThreadCpuTime();
    String fault = null;
    try {
      parser.parse(input);
    } catch (ApoException e) {
      fault = fault(e);
    } catch (Throwable e) {
      fault = e.getClass().getName() + " at " + origin(e);
    }
    long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
    if (fault == null && allocated > MAX_ALLOCATION + 100L * input.length) {
      fault = "takes more than " + (MAX_ALLOCATION >> 20) + " MiB";
    }
    if (fault == null && THREADS.getCurrentThreadCpuTime() - began > MAX_TIME.toNanos()) {
      fault = "takes more than " + MAX_TIME.toSeconds() + " s";
    }
    return fault;
  }

  private static String fault(ApoException e) {
    String message = e.getMessage();
    if (message == null || message.isBlank()) {
      return "says nothing at " + origin(e);
    }
    if (!REFUSALS.contains(e.exitCode())) {
      return e.exitCode() + " at " + origin(e) + ": " + message;
    }
    return JAVA.matcher(message).find() ? "speaks of Java at " + origin(e) : null;
  }

  /** The first places in the program, which tell one fault from another. */
  private static String origin(Throwable e) {
    return Arrays.stream(e.getStackTrace())
        .filter(frame -> frame.getClassName().startsWith("dev.apo"))
        .limit(2)
        .map(StackTraceElement::toString)
        .toList()
        .toString();
  }
}
