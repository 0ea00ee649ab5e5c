package dev.apo.operator.argocd;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.apo.api.v1alpha1.Phase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.luaj.vm2.Globals;
import org.luaj.vm2.LuaTable;
import org.luaj.vm2.LuaValue;
import org.luaj.vm2.lib.jse.JsePlatform;

/** Runs the health check as Argo CD does: with the live object in {@code obj}. */
class HealthLuaTest {
  private static final ObjectMapper JSON = JsonMapper.builder().build();
  private static final Path LUA = Path.of("../samples/argocd/health.lua");
  private static final Path CONFIGURATION = Path.of("../samples/argocd/argocd-cm.yaml");

  private record Health(String status, String message) {}

  @ParameterizedTest
  @EnumSource(Phase.class)
  void tellsTheHealthOfEveryPhase(Phase phase) throws IOException {
    String health =
        switch (phase) {
          case PENDING, PREPARING, QUEUED, ESTIMATING, TRAINING -> "Progressing";
          case SUSPENDED -> "Suspended";
          case SUCCEEDED -> "Healthy";
          case FAILED -> "Degraded";
        };
    Health told = check(2, "{'phase': '%s', 'observedGeneration': 2}".formatted(word(phase)));
    assertThat(told.status()).isEqualTo(health);
    assertThat(told.message()).isNotBlank();
  }

  @ParameterizedTest
  @EnumSource(Phase.class)
  void anOldStatusSaysNothingAboutTheNewSpec(Phase phase) throws IOException {
    Health told = check(3, "{'phase': '%s', 'observedGeneration': 2}".formatted(word(phase)));
    assertThat(told)
        .isEqualTo(new Health("Progressing", "The operator has not seen the latest change yet"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"null", "{}", "{'conditions': []}", "{'observedGeneration': 1}"})
  void aResourceThatTheOperatorHasNotSeenIsOnItsWay(String status) throws IOException {
    assertThat(check(1, status))
        .isEqualTo(new Health("Progressing", "The operator has not seen it yet"));
  }

  @Test
  void aStatusWithoutGenerationIsOld() throws IOException {
    assertThat(check(1, "{'phase': 'Succeeded'}").status()).isEqualTo("Progressing");
  }

  @Test
  void aFailedRunSaysWhy() throws IOException {
    Health told =
        check(
            1,
            """
            {'phase': 'Failed', 'observedGeneration': 1, 'conditions': [
              {'type': 'Prepared', 'status': 'False', 'message': 'another'},
              {'type': 'Failed', 'status': 'True', 'reason': 'BadInput', 'message': 'row 7 has no answer'}]}
            """);
    assertThat(told).isEqualTo(new Health("Degraded", "row 7 has no answer"));
  }

  @Test
  void aSuspendedRunSaysSo() throws IOException {
    Health told =
        check(
            2,
            """
            {'phase': 'Suspended', 'observedGeneration': 2, 'conditions': [
              {'type': 'Suspended', 'status': 'True', 'message': 'No pod is left'}]}
            """);
    assertThat(told).isEqualTo(new Health("Suspended", "No pod is left"));
  }

  @Test
  void aResumedRunGoesOn() throws IOException {
    Health told =
        check(
            3,
            """
            {'phase': 'Training', 'observedGeneration': 3, 'progress': '12/300 steps (4%)', 'conditions': [
              {'type': 'Suspended', 'status': 'False', 'message': 'The run goes on'},
              {'type': 'Prepared', 'status': 'True', 'message': 'ready'},
              {'type': 'ValueEstimated', 'status': 'True', 'message': 'done'},
              {'type': 'Trained', 'status': 'False', 'message': 'Job a-train-2 runs'}]}
            """);
    assertThat(told)
        .isEqualTo(new Health("Progressing", "Training, 12/300 steps (4%): Job a-train-2 runs"));
  }

  @Test
  void aRunThatCannotStartSaysWhatItWaitsFor() throws IOException {
    Health told =
        check(
            1,
            """
            {'phase': 'Preparing', 'observedGeneration': 1, 'conditions': [
              {'type': 'Prepared', 'status': 'False', 'message': 'image x cannot be pulled'}]}
            """);
    assertThat(told).isEqualTo(new Health("Progressing", "Preparing: image x cannot be pulled"));
  }

  @ParameterizedTest
  @CsvSource({
    "Preparing, Degraded",
    "Estimating, Degraded",
    "Training, Degraded",
    "Suspended, Suspended",
    "Succeeded, Healthy",
  })
  void aStalledRunNeedsSomebodyToLook(String phase, String health) throws IOException {
    Health told =
        check(
            1,
            """
            {'phase': '%s', 'observedGeneration': 1, 'conditions': [
              {'type': 'Stalled', 'status': 'True', 'message': 'no progress'}]}
            """
                .formatted(phase));
    assertThat(told.status()).isEqualTo(health);
  }

  @Test
  void aRunThatGetsOnAgainIsWell() throws IOException {
    Health told =
        check(
            1,
            """
            {'phase': 'Training', 'observedGeneration': 1, 'conditions': [
              {'type': 'Stalled', 'status': 'False', 'message': 'it gets on again'}]}
            """);
    assertThat(told.status()).isEqualTo("Progressing");
  }

  @Test
  void aPhaseOfALaterVersionIsOnItsWay() throws IOException {
    assertThat(check(1, "{'phase': 'Distilling', 'observedGeneration': 1}"))
        .isEqualTo(new Health("Progressing", "Distilling"));
  }

  @Test
  void theConfigurationHoldsTheSameCheck() throws IOException {
    JsonNode configuration = new YAMLMapper().readTree(CONFIGURATION.toFile());
    assertThat(
            configuration.at("/data/resource.customizations.health.apo.dev_APOTraining").asText())
        .as("run make manifests")
        .isEqualTo(Files.readString(LUA));
  }

  private static String word(Phase phase) {
    return JSON.convertValue(phase, String.class);
  }

  /** The health of an object with that generation and status, in JSON with single quotes. */
  private static Health check(long generation, String status) throws IOException {
    Globals lua = JsePlatform.standardGlobals();
    lua.set("obj", lua(object(generation, status)));
    LuaValue health = lua.load(Files.readString(LUA), "health.lua").call();
    return new Health(health.get("status").checkjstring(), health.get("message").checkjstring());
  }

  private static JsonNode object(long generation, String status) throws JsonProcessingException {
    return JSON.readTree(
        """
        {"kind": "APOTraining", "metadata": {"name": "a", "generation": %d}, "spec": {}, "status": %s}
        """
            .formatted(generation, status.replace('\'', '"')));
  }

  /** As Argo CD does: numbers are doubles, null is nil, arrays start at 1. */
  private static LuaValue lua(JsonNode json) {
    if (json.isObject()) {
      LuaTable table = new LuaTable();
      json.properties().forEach(field -> table.set(field.getKey(), lua(field.getValue())));
      return table;
    }
    if (json.isArray()) {
      LuaTable table = new LuaTable();
      for (int i = 0; i < json.size(); i++) {
        table.set(i + 1, lua(json.get(i)));
      }
      return table;
    }
    if (json.isNumber()) {
      return LuaValue.valueOf(json.asDouble());
    }
    if (json.isBoolean()) {
      return LuaValue.valueOf(json.asBoolean());
    }
    return json.isNull() ? LuaValue.NIL : LuaValue.valueOf(json.asText());
  }
}
