package dev.apo.worker.train;

import dev.apo.worker.algorithm.MiniBatch;
import dev.apo.worker.engine.TokenBatch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** How a mini-batch passes the model: in micro-batches, dealt out to devices and replicas. */
final class MicroBatches {
  private MicroBatches() {}

  /**
   * What one replica computes of a micro-batch.
   *
   * @param rows of the rollout batch
   * @param microBatch the size of the whole micro-batch
   */
  record Pass(int[] rows, TokenBatch tokens, MiniBatch microBatch) {}

  /**
   * Cuts a mini-batch into micro-batches of similar length, longest first, so that little padding
   * is computed. Each goes to one device, and those that are left when all devices have had as many
   * to all of them. The replicas that share one get every n-th unit, so that their lengths are
   * alike.
   *
   * @param rollouts the whole rollout batch
   * @param units rows of the mini-batch; those of a unit stay together
   * @param tokens most tokens of a micro-batch, padding included, unless one unit has more
   * @param devices among which the replicas are spread evenly
   * @return item i is for replica i modulo their number
   */
  static List<Pass> cut(
      List<Rollout> rollouts, List<int[]> units, int tokens, int replicas, int devices) {
    List<List<int[]>> microBatches = microBatches(rollouts, units, tokens);
    int even = microBatches.size() - microBatches.size() % devices;
    var passes = new ArrayList<Pass>();
    for (int i = 0; i < microBatches.size(); i++) {
      passes.addAll(share(rollouts, microBatches.get(i), i < even ? replicas / devices : replicas));
    }
    return List.copyOf(passes);
  }

  private static List<List<int[]>> microBatches(
      List<Rollout> rollouts, List<int[]> units, int tokens) {
    var sorted = new ArrayList<>(units);
    // A stable sort: equal lengths keep their order, so the same mini-batch is always cut the same
    // way.
    sorted.sort(Comparator.comparingInt((int[] unit) -> length(rollouts, unit)).reversed());
    var microBatches = new ArrayList<List<int[]>>();
    for (int from = 0; from < sorted.size(); ) {
      int most = tokens / length(rollouts, sorted.get(from));
      int rows = sorted.get(from).length;
      int to = from + 1;
      while (to < sorted.size() && rows + sorted.get(to).length <= most) {
        rows += sorted.get(to++).length;
      }
      microBatches.add(sorted.subList(from, to));
      from = to;
    }
    return microBatches;
  }

  private static List<Pass> share(List<Rollout> rollouts, List<int[]> units, int replicas) {
    MiniBatch size = size(rollouts, units);
    int count = Math.min(replicas, units.size());
    var passes = new ArrayList<Pass>();
    for (int replica = 0; replica < count; replica++) {
      int first = replica;
      int[] rows =
          IntStream.range(0, units.size())
              .filter(i -> i % count == first)
              .flatMap(i -> IntStream.of(units.get(i)))
              .toArray();
      TokenBatch tokens =
          TokenBatch.of(IntStream.of(rows).mapToObj(row -> rollouts.get(row).sequence()).toList());
      passes.add(new Pass(rows, tokens, size));
    }
    return passes;
  }

  /** How many responses and tokens some units have. */
  static MiniBatch size(List<Rollout> rollouts, List<int[]> units) {
    int[] rows = units.stream().flatMapToInt(IntStream::of).toArray();
    return new MiniBatch(
        rows.length,
        IntStream.of(rows).mapToLong(row -> rollouts.get(row).sequence().responseLength()).sum());
  }

  private static int length(List<Rollout> rollouts, int[] unit) {
    return IntStream.of(unit)
        .map(row -> rollouts.get(row).sequence().tokens().length)
        .max()
        .orElseThrow();
  }
}
