package dev.apo.operator.drill;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** How often and how long things are broken, and what came of it: {@code make drills} shows it. */
public final class Drill {
  /** Each is small where the drills are tests among others. */
  public static final int TRIES = Integer.getInteger("drill.tries", 25);

  public static final Duration OUTAGE = Duration.ofSeconds(Integer.getInteger("drill.seconds", 10));

  private static final Path TABLE = Path.of("target", "drills", "operator.tsv");

  private Drill() {}

  /**
   * Adds a line to the table.
   *
   * @param lost what was lost, once it is known that nothing was
   * @param recovery the longest time from the end of the fault until all was well
   */
  public static void passed(String fault, int times, String lost, Duration recovery) {
    passed(fault, times, lost, String.format(Locale.ROOT, "%.1f s", recovery.toMillis() / 1e3));
  }

  /** Adds a line about a fault that leaves nothing to recover from. */
  public static void passed(String fault, int times, String lost) {
    passed(fault, times, lost, "at once");
  }

  private static void passed(String fault, int times, String lost, String recovery) {
    String line = String.join("\t", fault, Integer.toString(times), lost, recovery);
    try {
      Files.createDirectories(TABLE.getParent());
      Files.write(TABLE, List.of(line), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
