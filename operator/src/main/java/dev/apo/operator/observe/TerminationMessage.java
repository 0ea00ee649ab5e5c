package dev.apo.operator.observe;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import dev.apo.api.v1alpha1.Artifacts;
import dev.apo.api.v1alpha1.EstimateResults;
import dev.apo.api.v1alpha1.PrepareResults;
import dev.apo.api.v1alpha1.TrainResults;
import dev.apo.operator.Stage;
import dev.apo.operator.decide.LastWord;
import java.io.IOException;

/** Reads what a worker left in its termination message (docs/worker-contract.md). */
final class TerminationMessage {
  private static final ObjectMapper MAPPER =
      new ObjectMapper()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .registerModule(new SimpleModule().addDeserializer(Double.class, new FiniteNumber()));

  /** A status cannot hold infinity: it is as unknown as what is missing. */
  private static final class FiniteNumber extends StdScalarDeserializer<Double> {
    private static final long serialVersionUID = 1L;

    FiniteNumber() {
      super(Double.class);
    }

    @Override
    public Double deserialize(JsonParser json, DeserializationContext context) throws IOException {
      double number = _parseDoublePrimitive(json, context);
      return Double.isFinite(number) ? number : null;
    }
  }

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
    return json == null || !json.isObject() ? null : MAPPER.treeToValue(json, type);
  }
}
