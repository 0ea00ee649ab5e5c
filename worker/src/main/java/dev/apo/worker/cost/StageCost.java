package dev.apo.worker.cost;

/**
 * What a stage took.
 *
 * @param hours wall-clock time of all its shards and attempts, one after the other
 * @param gpuHours hours by the number of GPUs
 * @param cpuHours hours by the number of cores, where there was no GPU
 * @param money null without a price
 * @param peakMemoryMiB largest resident set of any of its processes; 0 where nobody noted it
 */
public record StageCost(
    double hours, double gpuHours, double cpuHours, Double money, double peakMemoryMiB) {
  static final StageCost NONE = new StageCost(0, 0, 0, null, 0);

  StageCost plus(StageCost other) {
    return new StageCost(
        hours + other.hours,
        gpuHours + other.gpuHours,
        cpuHours + other.cpuHours,
        money == null
            ? other.money
            : other.money == null ? money : Double.valueOf(money + other.money),
        Math.max(peakMemoryMiB, other.peakMemoryMiB));
  }
}
