package dev.apo.worker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** How often things are broken, and what came of it: {@code make drills} shows it. */
public final class Drill {
  /** Small where the drills are tests among others. */
  public static final int TRIES = Integer.getInteger("drill.tries", 2);

  /**
   * Of all that is random: the same in each test run; {@code make drills} takes another each time,
   * and a drill that fails names it.
   */
  public static final long SEED = Long.getLong("drill.seed", 1);

  private static final Path TABLE = Path.of("target", "drills", "worker.tsv");

  private Drill() {}

  /**
   * Adds a line to the table.
   *
   * @param lost what was lost, once it is known that nothing was
   * @param recovery when all was well again
   */
  public static void passed(String fault, int times, String lost, String recovery) {
    String line = String.join("\t", fault, Integer.toString(times), lost, recovery);
    try {
      Files.createDirectories(TABLE.getParent());
      Files.write(TABLE, List.of(line), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
