package dev.apo.worker.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What runs that differ in nothing but their seed came to, their V* table included.
 *
 * @param name that they share
 * @param algorithm type of it
 * @param seeds of the runs
 * @param accuracyBefore of the starting model
 * @param accuracy of the trained policy
 * @param seconds of a whole run without its evaluations
 * @param estimateSeconds of them, those for the V* table; null if it was found and nobody knows
 * @param tokens response tokens that were sampled
 * @param estimateTokens of them, those of the V* table
 * @param peakMemoryMiB largest resident set of a run, its V* table included; null if it is not
 *     known of each
 * @param divergence KL of the trained policy from the starting model, nats a response; null if it
 *     is not known of each
 * @param curve mean over the runs of evaluations after the same step
 * @param runs evaluations of each run
 */
record Method(
    String name,
    String algorithm,
    List<Long> seeds,
    double accuracyBefore,
    Estimate accuracy,
    Estimate seconds,
    Double estimateSeconds,
    Estimate tokens,
    double estimateTokens,
    Estimate peakMemoryMiB,
    Estimate divergence,
    List<Point> curve,
    List<List<Point>> runs) {

  /**
   * @param runs of one method
   * @param table their V* table; null if they have none
   */
  static Method of(List<FinishedRun> runs, TableCost table) {
    FinishedRun first = runs.get(0);
    TableCost before = table == null ? TableCost.NONE : table;
    boolean unknown = table != null && table.seconds() == 0;
    List<List<Point>> whole =
        runs.stream()
            .map(
                run ->
                    run.trained().stream()
                        .map(p -> p.after(before.seconds(), before.tokens()))
                        .toList())
            .toList();
    List<Point> curve = mean(whole);
    return new Method(
        first.method(),
        first.algorithm(),
        runs.stream().map(FinishedRun::seed).toList(),
        curve.get(0).accuracy(),
        atEnd(whole, Point::accuracy),
        atEnd(whole, Point::seconds),
        unknown ? null : Double.valueOf(before.seconds()),
        atEnd(whole, Point::tokens),
        before.tokens(),
        Estimate.of(runs.stream().map(run -> peak(run, before)).toArray(Double[]::new)),
        Estimate.of(runs.stream().map(FinishedRun::divergence).toArray(Double[]::new)),
        curve,
        whole);
  }

  /** Of a run that would have sampled its table itself. */
  private static Double peak(FinishedRun run, TableCost table) {
    return run.peakMemoryMiB() == null
        ? null
        : Double.valueOf(Math.max(run.peakMemoryMiB(), table.peakMemoryMiB()));
  }

  private static Estimate atEnd(List<List<Point>> runs, Function<Point, Double> figure) {
    return Estimate.of(
        runs.stream().map(run -> figure.apply(run.get(run.size() - 1))).toArray(Double[]::new));
  }

  private static List<Point> mean(List<List<Point>> runs) {
    var curve = new ArrayList<Point>();
    for (Point point : runs.get(0)) {
      List<Point> same =
          runs.stream().flatMap(run -> run.stream().filter(p -> p.step() == point.step())).toList();
      if (same.size() == runs.size()) {
        curve.add(
            new Point(
                point.step(),
                same.stream().mapToDouble(Point::seconds).average().orElseThrow(),
                same.stream().mapToDouble(Point::tokens).average().orElseThrow(),
                same.stream().mapToDouble(Point::accuracy).average().orElseThrow()));
      }
    }
    return List.copyOf(curve);
  }

  /** The first evaluation whose mean accuracy is a target or better. */
  Optional<Point> firstAt(double target) {
    return curve.stream().filter(point -> point.accuracy() >= target).findFirst();
  }
}
