package dev.apo.worker.manifest;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Guesses which of several names was meant. */
final class Names {
  private Names() {}

  /**
   * The candidate that takes the fewest edits to reach, if that is few enough for a slip. Case does
   * not count.
   */
  static Optional<String> nearest(String name, Collection<String> candidates) {
    int most = Math.max(1, name.length() / 3);
    return candidates.stream()
        .filter(candidate -> edits(name, candidate) <= most)
        .min(
            Comparator.<String>comparingInt(candidate -> edits(name, candidate))
                .thenComparing(Comparator.naturalOrder()));
  }

  /** Levenshtein distance without regard to case. */
  static int edits(String from, String to) {
    String a = from.toLowerCase(Locale.ROOT);
    String b = to.toLowerCase(Locale.ROOT);
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
