package dev.apo.worker.run;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.apo.worker.cost.Cost;
import dev.apo.worker.train.Filtered;
import java.util.Map;

/**
 * What a run came to: the last line of {@code apo run -o json}.
 *
 * @param phase Succeeded
 * @param accuracyBefore held-out accuracy of the starting model, 0 to 1; null without evaluation
 *     data
 * @param accuracyAfter held-out accuracy of the trained model
 * @param model address of the trained model
 * @param report address of the run's page
 * @param metrics address of metrics.jsonl
 * @param filtered what filters from the V* table left out and saved; null if an earlier version
 *     trained
 * @param seconds by stage, and their total, of this call
 * @param cost of the whole run, all its calls and attempts
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record Result(
    String phase,
    Double accuracyBefore,
    Double accuracyAfter,
    String model,
    String report,
    String metrics,
    VStar vstar,
    Filtered filtered,
    double peakRssMiB,
    Map<String, Double> seconds,
    Cost cost) {

  /**
   * @param table address of the V* table
   * @param reused whether a complete table was found
   * @param responsesGenerated responses sampled for it by this call
   */
  public record VStar(String key, String table, boolean reused, long responsesGenerated) {}
}
