package dev.apo.worker.telemetry;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The terminal behind standard error. Java knows only whether both standard input and output are
 * one, so the shell is asked.
 */
public final class Terminal implements IntSupplier {
  private static final int DEFAULT_COLUMNS = 80;
  private static final Duration FRESH = Duration.ofSeconds(2);
  private static final Pattern SIZE = Pattern.compile("(\\d+) (\\d+)\\s*");

  private int columns;
  private long askedNanos;

  private Terminal(int columns) {
    this.columns = columns;
    this.askedNanos = System.nanoTime();
  }

  /** The terminal, or empty if standard error goes elsewhere. */
  public static Optional<Terminal> ofStandardError() {
    return ask().map(size -> new Terminal(columns(size)));
  }

  /**
   * Its width in characters; asked again every two seconds at most, since people resize windows.
   */
  @Override
  public int getAsInt() {
    if (System.nanoTime() - askedNanos > FRESH.toNanos()) {
      columns = ask().map(Terminal::columns).orElse(columns);
      askedNanos = System.nanoTime();
    }
    return columns;
  }

  /** The columns in what {@code stty size} prints, rows first; 80 if it says nothing useful. */
  static int columns(String size) {
    Matcher matcher = SIZE.matcher(size);
    int columns = matcher.matches() ? Integer.parseInt(matcher.group(2)) : 0;
    return columns > 0 ? columns : DEFAULT_COLUMNS;
  }

  private static Optional<String> ask() {
    try {
      Process shell =
          new ProcessBuilder("sh", "-c", "test -t 2 || exit 1; stty size <&2 2>/dev/null || true")
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      String size = new String(shell.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      return shell.waitFor() == 0 ? Optional.of(size) : Optional.empty();
    } catch (IOException e) {
      // No shell: a bare container, and no terminal.
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }
}
