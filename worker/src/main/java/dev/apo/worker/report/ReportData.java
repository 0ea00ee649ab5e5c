package dev.apo.worker.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.apo.worker.cost.Cost;
import dev.apo.worker.run.RunKeys;
import dev.apo.worker.storage.Storage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Gathers what the page shows from a run's artifacts. A run that is not finished lacks some of
 * them, and one of an earlier version others; what is not there or cannot be read is left out.
 */
final class ReportData {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Evaluation responses that are shown. */
  private static final int MAX_SAMPLES = 500;

  /** Characters of all texts together: a page of a few megabytes opens at once. */
  private static final int MAX_CHARACTERS = 4_000_000;

  private static final int LEAST_CHARACTERS = 400;

  private final Storage storage;
  private final String root;

  /**
   * @param root of the run within the storage; empty if the storage is the run's own directory
   */
  ReportData(Storage storage, String root) {
    this.storage = storage;
    this.root = root;
  }

  /** Whether there is a run at all. */
  boolean exists() {
    return List.of(RunKeys.SPEC, RunKeys.METRICS, RunKeys.RESULT).stream()
        .anyMatch(name -> storage.stat(key(name)).isPresent());
  }

  ObjectNode read() {
    ObjectNode data = JSON.createObjectNode();
    data.set("run", JSON.valueToTree(name()));
    data.set("spec", object(RunKeys.SPEC));
    data.set("prepared", object(RunKeys.PREPARED));
    data.set("values", object(RunKeys.VALUES));
    JsonNode result = object(RunKeys.RESULT);
    data.put("complete", result.path("state").isObject());
    data.set("state", result.path("state"));
    data.set("stoppedEarly", result.path("stoppedEarly"));
    data.set("cost", JSON.valueToTree(Cost.read(storage, key(RunKeys.USAGE))));
    data.set("metrics", MetricsTable.of(lines(RunKeys.METRICS)));
    List<JsonNode> rollouts = lines(RunKeys.ROLLOUTS);
    List<JsonNode> samples = lines(RunKeys.SAMPLES).stream().limit(MAX_SAMPLES).toList();
    int most =
        Math.max(LEAST_CHARACTERS, MAX_CHARACTERS / 2 / (rollouts.size() + samples.size() + 1));
    data.set("rollouts", shortened(rollouts, most));
    data.set("samples", shortened(samples, most));
    return data;
  }

  /** The end of the address says which run it is, unless the directory was copied elsewhere. */
  private Map<String, String> name() {
    String[] parts = storage.uri(root).replaceAll("/+$", "").split("/");
    int last = parts.length - 1;
    return last >= 3 && parts[last - 3].equals("runs")
        ? Map.of("name", parts[last - 1], "namespace", parts[last - 2], "uid", parts[last])
        : Map.of("name", parts[last], "namespace", "", "uid", "");
  }

  private String key(String name) {
    return root.isEmpty() ? name : root + "/" + name;
  }

  private String text(String name) {
    String key = key(name);
    return storage.stat(key).isEmpty() ? "" : new String(storage.read(key), StandardCharsets.UTF_8);
  }

  private JsonNode object(String name) {
    return parse(text(name));
  }

  private List<JsonNode> lines(String name) {
    return text(name).lines().map(ReportData::parse).filter(JsonNode::isObject).toList();
  }

  private static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (IOException e) {
      return MissingNode.getInstance();
    }
  }

  private static ArrayNode shortened(List<JsonNode> rows, int most) {
    ArrayNode all = JSON.createArrayNode();
    for (JsonNode row : rows) {
      ObjectNode shown = (ObjectNode) row;
      var names = new ArrayList<String>();
      shown.fieldNames().forEachRemaining(names::add);
      for (String name : names) {
        if (shown.get(name).isTextual()) {
          shown.set(name, new TextNode(shortened(shown.get(name).textValue(), most)));
        }
      }
      all.add(shown);
    }
    return all;
  }

  /** Both ends: what a response begins with, and the answer that it ends with. */
  static String shortened(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    int half = most / 2;
    return text.substring(0, half)
        + "\n[… "
        + (text.length() - 2 * half)
        + " characters …]\n"
        + text.substring(text.length() - half);
  }
}
