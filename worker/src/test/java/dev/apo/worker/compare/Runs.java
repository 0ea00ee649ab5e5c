package dev.apo.worker.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Finished runs without their artifacts. */
final class Runs {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Runs() {}

  /** Evaluated every 10 steps, which take 5 seconds and 100 tokens. */
  static FinishedRun of(String name, int seed, double... accuracies) {
    var points = new ArrayList<Point>();
    for (int i = 0; i < accuracies.length; i++) {
      points.add(new Point(10 * i, 5 * i, 100 * i, accuracies[i]));
    }
    return new FinishedRun(
        "file:///runs/" + name,
        name,
        spec(seed),
        Map.of("model", "m", "prompts", "p"),
        null,
        TableCost.NONE,
        points,
        100.0,
        0.5);
  }

  static ObjectNode spec(int seed) {
    ObjectNode spec = JSON.createObjectNode();
    spec.putObject("algorithm").put("type", "PPO");
    spec.putObject("sampling").put("maxNewTokens", 5);
    spec.putObject("model").put("uri", "file:///models/" + seed);
    spec.putObject("train").put("seed", seed).put("steps", 20);
    return spec;
  }

  static FinishedRun withTable(FinishedRun r, String key, TableCost table) {
    return copy(r, r.spec(), r.inputs(), key, table, r.peakMemoryMiB());
  }

  static FinishedRun withPeak(FinishedRun r, Double peak) {
    return copy(r, r.spec(), r.inputs(), r.vstarKey(), r.table(), peak);
  }

  static FinishedRun withSpec(FinishedRun r, JsonNode spec) {
    return copy(r, spec, r.inputs(), r.vstarKey(), r.table(), r.peakMemoryMiB());
  }

  static FinishedRun withInputs(FinishedRun r, Map<String, String> inputs) {
    return copy(r, r.spec(), inputs, r.vstarKey(), r.table(), r.peakMemoryMiB());
  }

  private static FinishedRun copy(
      FinishedRun r,
      JsonNode spec,
      Map<String, String> inputs,
      String key,
      TableCost table,
      Double peak) {
    return new FinishedRun(
        r.address(), r.name(), spec, inputs, key, table, r.trained(), peak, r.divergence());
  }

  static List<String> names(Comparison comparison) {
    return comparison.methods().stream().map(Method::name).toList();
  }
}
