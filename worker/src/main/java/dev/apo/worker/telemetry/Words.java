package dev.apo.worker.telemetry;

import java.time.Duration;
import java.util.Locale;

/** Figures as people read them, the same in every locale. */
final class Words {
  private Words() {}

  /** E.g. {@code 45s}, {@code 3m 12s}, {@code 2h 05m}, {@code 3d 04h}. */
  static String of(Duration duration) {
    long seconds = Math.max(0, duration.toSeconds());
    if (seconds < 60) {
      return seconds + "s";
    }
    if (seconds < 3600) {
      return format("%dm %02ds", seconds / 60, seconds % 60);
    }
    return seconds < 86_400
        ? format("%dh %02dm", seconds / 3600, seconds % 3600 / 60)
        : format("%dd %02dh", seconds / 86_400, seconds % 86_400 / 3600);
  }

  /** E.g. {@code 2.1 steps/s}, or {@code 4.0 steps/min} below one per second. */
  static String rate(double perSecond, String unit) {
    return perSecond >= 1
        ? format("%.1f %s/s", perSecond, unit)
        : format("%.1f %s/min", perSecond * 60, unit);
  }

  /** About three significant digits: {@code 0.712}, {@code 1234}, {@code 1.00e-06}. */
  static String of(double figure) {
    double size = Math.abs(figure);
    if (!Double.isFinite(figure) || figure == Math.rint(figure) && size < 1e9) {
      return Double.isFinite(figure) ? format("%.0f", figure) : Double.toString(figure);
    }
    if (size < 1e-3 || size >= 1e9) {
      return format("%.2e", figure);
    }
    if (size >= 100) {
      return format("%.0f", figure);
    }
    return size >= 10 ? format("%.1f", figure) : format("%.3f", figure);
  }

  private static String format(String format, Object... args) {
    return String.format(Locale.ROOT, format, args);
  }
}
