package dev.apo.worker.cost;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import dev.apo.api.v1alpha1.PriceSpec;

/**
 * What a stage, or one shard of it, has used so far, all attempts together. The time is the
 * program's own: from its start to its end, without what a pod needs before.
 *
 * @param seconds wall-clock time
 * @param gpuSeconds time by the number of GPUs
 * @param cpuSeconds time by the number of cores, where there was no GPU
 * @param peakMemoryMiB largest resident set of any attempt's process
 * @param price as the manifest last said; null for none
 */
@JsonIgnoreProperties(ignoreUnknown = true)
record Usage(
    double seconds, double gpuSeconds, double cpuSeconds, double peakMemoryMiB, PriceSpec price) {
  static final Usage NONE = new Usage(0, 0, 0, 0, null);

  /** This and some more seconds on a machine. */
  Usage plus(double more, Machine machine, PriceSpec now) {
    return new Usage(
        seconds + more,
        gpuSeconds + more * machine.gpus(),
        cpuSeconds + (machine.gpus() > 0 ? 0 : more * machine.cores()),
        Math.max(peakMemoryMiB, Memory.peakMiB()),
        now);
  }

  StageCost cost() {
    double gpuHours = gpuSeconds / 3600;
    double cpuHours = cpuSeconds / 3600;
    return new StageCost(
        seconds / 3600,
        gpuHours,
        cpuHours,
        price == null ? null : gpuHours * price.gpuHour() + cpuHours * price.cpuHour(),
        peakMemoryMiB);
  }
}
