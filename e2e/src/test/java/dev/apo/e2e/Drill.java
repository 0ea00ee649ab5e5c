package dev.apo.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/** The drills' table: {@code make drills-cluster} shows it. */
final class Drill {
  private static final Path TABLE = Path.of("target", "drills", "cluster.tsv");

  private Drill() {}

  /**
   * Adds a line.
   *
   * @param lost what was lost, once it is known that nothing was
   * @param mended when the fault was over: from then until now it took to recover
   */
  static void passed(String fault, String lost, Instant mended) throws IOException {
    double recovery = Duration.between(mended, Instant.now()).toMillis() / 1e3;
    String line = String.format(Locale.ROOT, "%s\t1\t%s\t%.1f s", fault, lost, recovery);
    Files.createDirectories(TABLE.getParent());
    Files.write(TABLE, List.of(line), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }
}
