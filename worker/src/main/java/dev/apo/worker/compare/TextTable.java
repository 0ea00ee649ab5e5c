package dev.apo.worker.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A comparison as lines of text, in the form of the paper's table. */
final class TextTable {
  private static final String UNKNOWN = "–";

  private TextTable() {}

  static String of(Comparison comparison) {
    var rows = new ArrayList<List<String>>();
    rows.add(
        List.of("method", "seeds", "time s", "memory MiB", "KL", "accuracy", "tokens", "steps"));
    rows.add(start(comparison.methods().get(0)));
    comparison.methods().forEach(method -> rows.add(row(method)));
    String duels =
        comparison.duels().stream()
            .map(duel -> sentence(duel) + "\n")
            .collect(Collectors.joining());
    return table(rows) + (duels.isEmpty() ? "" : "\n" + duels);
  }

  private static List<String> start(Method method) {
    String accuracy = String.format(Locale.ROOT, "%.3f", method.accuracyBefore());
    return List.of("(start)", "", "", "", "0", accuracy, "", "");
  }

  private static List<String> row(Method method) {
    return List.of(
        method.name(),
        Integer.toString(method.seeds().size()),
        (method.estimateSeconds() == null ? "> " : "") + words(method.seconds(), 1),
        words(method.peakMemoryMiB(), 0),
        words(method.divergence(), 2),
        words(method.accuracy(), 3),
        words(method.tokens(), 0),
        String.format(Locale.ROOT, "%.0f", lastStep(method)));
  }

  private static double lastStep(Method method) {
    return method.runs().stream().mapToDouble(r -> r.get(r.size() - 1).step()).max().orElse(0);
  }

  private static String words(Estimate estimate, int decimals) {
    return estimate == null ? UNKNOWN : estimate.inWords(decimals);
  }

  private static String table(List<List<String>> rows) {
    int columns = rows.get(0).size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    var text = new StringBuilder();
    for (List<String> row : rows) {
      var line = new StringBuilder();
      for (int i = 0; i < columns; i++) {
        String space = " ".repeat(widths[i] - row.get(i).length());
        // Names begin at the left, figures end at the right.
        line.append(i == 0 ? row.get(i) + space : "  " + space + row.get(i));
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  static String sentence(Duel duel) {
    String memory =
        duel.memoryRatio() == null
            ? ""
            : String.format(
                Locale.ROOT, "; peak memory %.2f of %s's", duel.memoryRatio(), duel.other());
    if (duel.there() == null) {
      return String.format(
          Locale.ROOT,
          "%s does not reach %s's final accuracy of %.3f%s.",
          duel.method(),
          duel.other(),
          duel.target(),
          memory);
    }
    return String.format(
        Locale.ROOT,
        "%s reaches %s's final accuracy of %.3f in %.1f s: %.2f of %s's %.1f s%s%s.",
        duel.method(),
        duel.other(),
        duel.target(),
        duel.there().seconds(),
        duel.timeRatio(),
        duel.other(),
        duel.otherSeconds(),
        duel.firstTimeRatio() == null
            ? ""
            : String.format(
                Locale.ROOT,
                ", and %.2f of the %.1f s until it is there first",
                duel.firstTimeRatio(),
                duel.otherThere().seconds()),
        memory);
  }
}
