package dev.apo.worker.compare;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Methods beside each other: {@code compare.json}.
 *
 * @param duels of the first method with each other one
 */
record Comparison(List<Method> methods, List<Duel> duels) {

  /**
   * @param runs of the same task, in the order in which their methods are to stand
   */
  static Comparison of(List<FinishedRun> runs) {
    // Runs that found a table have its cost from the one that sampled it.
    Map<String, TableCost> tables =
        runs.stream()
            .filter(run -> run.vstarKey() != null)
            .collect(Collectors.toMap(FinishedRun::vstarKey, FinishedRun::table, TableCost::max));
    Map<String, List<FinishedRun>> byMethod =
        runs.stream()
            .collect(
                Collectors.groupingBy(
                    FinishedRun::method, LinkedHashMap::new, Collectors.toList()));
    List<Method> methods =
        byMethod.values().stream()
            .map(same -> Method.of(same, tables.get(same.get(0).vstarKey())))
            .toList();
    Method first = methods.get(0);
    return new Comparison(
        methods, methods.stream().skip(1).map(other -> Duel.of(first, other)).toList());
  }
}
