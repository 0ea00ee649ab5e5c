package dev.apo.worker.telemetry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;

/** JSON for logs and the status server. */
final class Json {
  static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  static String write(Map<String, ?> object) {
    try {
      return MAPPER.writeValueAsString(object);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a map of plain values", e);
    }
  }

  /** The figures with null for what JSON has no number for. */
  static Map<String, Double> finite(Map<String, Double> figures) {
    Map<String, Double> finite = new LinkedHashMap<>();
    figures.forEach(
        (key, figure) ->
            finite.put(key, figure != null && Double.isFinite(figure) ? figure : null));
    return finite;
  }
}
