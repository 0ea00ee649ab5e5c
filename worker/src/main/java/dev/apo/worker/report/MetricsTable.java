package dev.apo.worker.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** The lines of {@code metrics.jsonl} by columns, with no more of them than a picture shows. */
final class MetricsTable {
  private static final int MAX_POINTS = 1500;
  private static final String STEP = "step";

  /** Few steps have it, and none of those is left out. */
  private static final String ACCURACY = "val/test_correctness_score";

  private static final MathContext DIGITS = new MathContext(6);

  private MetricsTable() {}

  /**
   * @return {@code {"every": 1, "steps": […], "series": {"critic/rewards/mean": […], …}}}; a series
   *     has null where a step has no such number
   */
  static ObjectNode of(List<JsonNode> lines) {
    int every = (lines.size() + MAX_POINTS - 1) / MAX_POINTS;
    List<JsonNode> rows =
        IntStream.range(0, lines.size())
            .filter(
                i ->
                    i % every == 0
                        || i == lines.size() - 1
                        || lines.get(i).path(ACCURACY).isNumber())
            .mapToObj(lines::get)
            .toList();
    var names = new TreeSet<String>();
    rows.forEach(row -> row.fieldNames().forEachRemaining(names::add));
    names.remove(STEP);
    ObjectNode table = JsonNodeFactory.instance.objectNode().put("every", Math.max(1, every));
    table.set("steps", column(rows, STEP));
    ObjectNode series = table.putObject("series");
    names.forEach(name -> series.set(name, column(rows, name)));
    return table;
  }

  private static ArrayNode column(List<JsonNode> rows, String name) {
    ArrayNode column = JsonNodeFactory.instance.arrayNode();
    for (JsonNode row : rows) {
      JsonNode value = row.path(name);
      if (value.isIntegralNumber()) {
        column.add(value.longValue());
      } else if (value.isNumber()) {
        column.add(new BigDecimal(value.doubleValue()).round(DIGITS).doubleValue());
      } else {
        column.addNull();
      }
    }
    return column;
  }
}
