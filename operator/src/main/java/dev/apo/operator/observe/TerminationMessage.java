package dev.apo.operator.observe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.api.v1alpha1.Artifacts;
import dev.apo.api.v1alpha1.EstimateResults;
import dev.apo.api.v1alpha1.PrepareResults;
import dev.apo.api.v1alpha1.TrainResults;
import dev.apo.operator.Stage;
import dev.apo.operator.decide.LastWord;

/** Reads what a worker left in its termination message (docs/worker-contract.md). */
final class TerminationMessage {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

  private TerminationMessage() {}

  /** Null if there is nothing that can be read. */
  static LastWord read(Stage stage, String text) {
    if (text == null || text.isBlank()) {
      return null;
    }
    try {
      JsonNode json = MAPPER.readTree(text);
      if (json.path("message").isTextual()) {
        return LastWord.failure(json.path("message").asText());
      }
      return new LastWord(
          null,
          stage == Stage.PREPARE ? value(json.get("result"), PrepareResults.class) : null,
          stage == Stage.ESTIMATE ? value(json.get("result"), EstimateResults.class) : null,
          stage == Stage.TRAIN ? value(json.get("result"), TrainResults.class) : null,
          value(json.get("artifacts"), Artifacts.class));
    } catch (JsonProcessingException e) {
      // A worker that breaks the contract; its exit code still counts.
      return null;
    }
  }

  private static <T> T value(JsonNode json, Class<T> type) throws JsonProcessingException {
    return json == null || !json.isObject() ? null : Bounds.keep(MAPPER.treeToValue(json, type));
  }
}
