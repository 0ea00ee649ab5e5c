package dev.apo.worker.compare;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;

/**
 * What a finished run tells of itself.
 *
 * @param address of its directory
 * @param name of the run
 * @param spec what of its manifest decides the result
 * @param inputs digests of what was behind the manifest's addresses
 * @param vstarKey of the V* table that it used; null if its algorithm needs none
 * @param table what it took to sample that table
 * @param trained its evaluations, by what training had taken
 * @param peakMemoryMiB largest resident set of any of its processes; null if nobody noted it
 * @param divergence of the trained policy from the starting model; null if it is not known
 */
record FinishedRun(
    String address,
    String name,
    JsonNode spec,
    Map<String, String> inputs,
    String vstarKey,
    TableCost table,
    List<Point> trained,
    Double peakMemoryMiB,
    Double divergence) {

  long seed() {
    return spec.at("/train/seed").asLong();
  }

  /** The algorithm's type, as manifests have it. */
  String algorithm() {
    return spec.at("/algorithm/type").asText();
  }

  /** Runs that differ in nothing but their seed: the run's name without that at its end. */
  String method() {
    return name.replaceFirst("-seed-" + seed() + "$", "");
  }
}
