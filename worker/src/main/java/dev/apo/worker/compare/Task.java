package dev.apo.worker.compare;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.manifest.DecidingParts;
import dev.apo.worker.manifest.DecidingParts.Difference;
import java.util.HashMap;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** What runs must have in common, so that their figures mean the same. */
final class Task {
  private static final List<String> PARTS =
      List.of("spec.model", "spec.data", "spec.reward", "spec.sampling", "spec.evaluate");

  /** Behind whose addresses digests look. */
  private static final Pattern ADDRESSES =
      Pattern.compile("spec[.](model|data[.]train|data[.]eval)[.]uris?");

  private Task() {}

  /** Compares manifests before they are run: their addresses must be absolute. */
  static void check(List<SeededRun> runs) {
    SeededRun first = runs.get(0);
    for (SeededRun other : runs) {
      for (Difference d :
          DecidingParts.differences(
              DecidingParts.json(first.manifest().spec()),
              DecidingParts.json(other.manifest().spec()))) {
        if (isPart(d)) {
          throw differ(first.method(), other.method(), d.path(), d.before(), d.after());
        }
      }
    }
  }

  /** Compares finished runs, by what was behind their addresses. */
  static void checkFinished(List<FinishedRun> runs) {
    FinishedRun first = runs.get(0);
    for (FinishedRun other : runs) {
      for (Difference d :
          DecidingParts.differences(first.spec().toString(), other.spec().toString())) {
        if (isPart(d) && !ADDRESSES.matcher(d.path()).matches()) {
          throw differ(first.name(), other.name(), d.path(), d.before(), d.after());
        }
      }
      var inputs = new TreeSet<>(first.inputs().keySet());
      inputs.addAll(other.inputs().keySet());
      for (String input : inputs) {
        String before = first.inputs().get(input);
        String after = other.inputs().get(input);
        if (before == null || !before.equals(after)) {
          throw differ(first.name(), other.name(), "the content of " + input, before, after);
        }
      }
    }
  }

  /** Runs of one method may differ in their seed alone. */
  static void checkMethods(List<FinishedRun> runs) {
    var firsts = new HashMap<String, FinishedRun>();
    for (FinishedRun other : runs) {
      FinishedRun first = firsts.putIfAbsent(other.method(), other);
      if (first == null) {
        continue;
      }
      for (Difference d :
          DecidingParts.differences(first.spec().toString(), other.spec().toString())) {
        if (!d.path().equals("spec.train.seed") && !ADDRESSES.matcher(d.path()).matches()) {
          throw new ApoException(
              ExitCode.BAD_MANIFEST,
              "%s and %s are no seeds of one method: %s is %s in the one and %s in the other; compare one of them."
                  .formatted(first.name(), other.name(), d.path(), d.before(), d.after()));
        }
      }
    }
  }

  private static boolean isPart(Difference difference) {
    return PARTS.stream()
        .anyMatch(p -> difference.path().equals(p) || difference.path().startsWith(p + "."));
  }

  private static ApoException differ(
      String first, String other, String what, String before, String after) {
    return new ApoException(
        ExitCode.BAD_MANIFEST,
        "%s and %s cannot be compared: %s is %s in the one and %s in the other; runs must have the same model, data, reward, sampling and evaluation."
            .formatted(first, other, what, before, after));
  }
}
