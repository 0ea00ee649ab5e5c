package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.worker.Drill;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * SIGKILL at random moments: from the start of a process on, or soon after one of the lines that it
 * writes to standard error. So all that a stage does is hit, however long the JVM takes to start.
 */
final class RandomKills {
  /** Longer than a step, an evaluation or an export of the small model takes. */
  private static final double MILLIS_AFTER_A_LINE = 1000;

  private final int startMillis;
  private final Map<String, Integer> kills = new TreeMap<>();

  /**
   * @param startMillis how long a process takes until it has done its first work
   */
  RandomKills(int startMillis) {
    this.startMillis = startMillis;
  }

  /** How many kills there were in all that was counted under names that begin so. */
  synchronized int count(String name) {
    return kills.entrySet().stream()
        .filter(count -> count.getKey().startsWith(name))
        .mapToInt(Map.Entry::getValue)
        .sum();
  }

  /** Whether each of these was killed at least once. */
  boolean hit(List<String> commands) {
    return commands.stream().allMatch(command -> count(command) > 0);
  }

  /** How many kills of a command came when: "9 in a save, 3 in an export". */
  synchronized String moments(String command) {
    return kills.entrySet().stream()
        .filter(count -> count.getKey().startsWith(command))
        .map(count -> count.getValue() + count.getKey().substring(command.length()))
        .collect(Collectors.joining(", "));
  }

  private synchronized void count(String command, String moment) {
    kills.merge(command + " " + moment, 1, Integer::sum);
  }

  /**
   * Starts a command until it is done.
   *
   * @param lines that it writes at most when nothing stops it
   * @param most after so many kills it is left alone
   */
  void untilDone(Workplace workplace, String command, int lines, int most, Random random) {
    int left = lines;
    for (int i = 0; i < most; i++) {
      if (random.nextBoolean()) {
        // Another pod has its own scratch space.
        workplace.deleteScratch();
      }
      int line = random.nextInt(left + 1);
      if (!isKilled(workplace, command, line, delay(line, random))) {
        return;
      }
      // What is done is not told again, but that the stage has started.
      left = Math.max(Math.min(lines, 3), left - line + 1);
    }
    workplace.process(command).succeeds();
  }

  /** Of any order of magnitude: a save follows a line at once, on any machine. */
  private int delay(int line, Random random) {
    return line == 0
        ? random.nextInt(startMillis)
        : (int) Math.pow(MILLIS_AFTER_A_LINE, random.nextDouble());
  }

  private boolean isKilled(Workplace workplace, String command, int line, int millis) {
    Set<Path> before = workplace.halfDone();
    Process process = workplace.piped(command);
    try (BufferedReader err = process.errorReader()) {
      String last = "";
      for (int i = 0; i < line && last != null; i++) {
        last = err.readLine();
      }
      if (last != null) {
        process.waitFor(millis, TimeUnit.MILLISECONDS);
        // Not Process.destroyForcibly, which closes what is still to be read.
        process.toHandle().destroyForcibly();
      }
      String rest = err.lines().collect(Collectors.joining("\n"));
      int code = process.waitFor();
      if (code == Workplace.KILLED) {
        count(command, moment(last, before, workplace.halfDone()));
        return true;
      }
      assertThat(code).as("seed %d, %s: %s", Drill.SEED, last, rest).isZero();
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      throw new IllegalStateException(e);
    }
  }

  /** What was under way, as far as one can tell from outside. */
  private static String moment(String last, Set<Path> before, Set<Path> after) {
    Set<String> begun =
        after.stream()
            .filter(artifact -> !before.contains(artifact))
            .map(artifact -> artifact.getFileName().toString().replaceAll("-.*", ""))
            .collect(Collectors.toSet());
    if (begun.contains("model")) {
      return "in an export";
    }
    if (begun.contains("step")) {
      return "in a save";
    }
    if (last.contains("\"event\":\"part\"")) {
      return "in an evaluation";
    }
    if (!begun.isEmpty()) {
      return "in another write";
    }
    return last.isEmpty() ? "before its first line" : "in between";
  }
}
