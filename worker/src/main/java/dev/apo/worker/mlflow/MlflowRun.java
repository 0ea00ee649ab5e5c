package dev.apo.worker.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One run of an MLflow server. A training that goes on where it stopped goes on in the same run,
 * and what the run has already is not sent again.
 */
final class MlflowRun {
  /** The server takes no more at once. */
  private static final int MAX_METRICS = 1000;

  private static final int MAX_PARAMS = 100;
  private static final int MAX_VALUE = 500;

  /** A metric at one moment, in milliseconds since 1970. */
  record Metric(String key, double value, long timestamp, long step) {}

  private final MlflowClient client;
  private final String id;
  private final Map<String, Long> lastSteps;

  private MlflowRun(MlflowClient client, String id, Map<String, Long> lastSteps) {
    this.client = client;
    this.id = id;
    this.lastSteps = lastSteps;
  }

  String id() {
    return id;
  }

  /** Begins a run in the experiment of the settings. */
  static MlflowRun create(
      MlflowClient client, MlflowSettings settings, String name, Map<String, String> tags)
      throws IOException {
    ObjectNode body = MlflowClient.JSON.createObjectNode();
    body.put("experiment_id", experiment(client, settings));
    body.put("run_name", settings.runName() == null ? name : settings.runName());
    body.put("start_time", System.currentTimeMillis());
    tags.forEach((key, value) -> body.withArray("tags").add(entry(key, value)));
    JsonNode run = client.post("runs/create", body).path("run");
    return new MlflowRun(client, id(run), new HashMap<>());
  }

  /**
   * Goes on with a run.
   *
   * @return null if the server has no such run any more
   */
  static MlflowRun resume(MlflowClient client, String id) throws IOException {
    JsonNode run;
    try {
      run = client.get("runs/get", Map.of("run_id", id)).path("run");
    } catch (MlflowClient.Refused e) {
      if (e.errorCode().equals("RESOURCE_DOES_NOT_EXIST")) {
        return null;
      }
      throw e;
    }
    if (run.at("/info/lifecycle_stage").asText().equals("deleted")) {
      return null;
    }
    Map<String, Long> lastSteps = new HashMap<>();
    for (JsonNode metric : run.at("/data/metrics")) {
      lastSteps.put(metric.path("key").asText(), metric.path("step").asLong());
    }
    var resumed = new MlflowRun(client, id, lastSteps);
    resumed.update("RUNNING", null);
    return resumed;
  }

  private static String id(JsonNode run) throws IOException {
    String id = run.at("/info/run_id").asText();
    if (id.isEmpty()) {
      throw new IOException("runs/create answers without a run_id");
    }
    return id;
  }

  private static String experiment(MlflowClient client, MlflowSettings settings)
      throws IOException {
    if (settings.experimentId() != null) {
      return settings.experimentId();
    }
    String found = findExperiment(client, settings.experiment());
    if (found != null) {
      return found;
    }
    ObjectNode body = MlflowClient.JSON.createObjectNode().put("name", settings.experiment());
    try {
      return client.post("experiments/create", body).path("experiment_id").asText();
    } catch (MlflowClient.Refused e) {
      // Another run may have created it in between.
      String meanwhile = findExperiment(client, settings.experiment());
      if (meanwhile == null) {
        throw e;
      }
      return meanwhile;
    }
  }

  private static String findExperiment(MlflowClient client, String name) throws IOException {
    try {
      return client
          .get("experiments/get-by-name", Map.of("experiment_name", name))
          .at("/experiment/experiment_id")
          .asText();
    } catch (MlflowClient.Refused e) {
      if (e.errorCode().equals("RESOURCE_DOES_NOT_EXIST")) {
        return null;
      }
      throw e;
    }
  }

  /** Logs parameters; the same ones again change nothing. Long values are cut. */
  void params(Map<String, String> params) throws IOException {
    List<String> keys = List.copyOf(params.keySet());
    for (int from = 0; from < keys.size(); from += MAX_PARAMS) {
      ObjectNode body = MlflowClient.JSON.createObjectNode().put("run_id", id);
      for (String key : keys.subList(from, Math.min(keys.size(), from + MAX_PARAMS))) {
        body.withArray("params").add(entry(key, params.get(key)));
      }
      client.post("runs/log-batch", body);
    }
  }

  /** Logs the first metrics of a list, as many as go at once. */
  int metrics(List<Metric> metrics) throws IOException {
    List<Metric> first = new ArrayList<>(metrics.subList(0, Math.min(metrics.size(), MAX_METRICS)));
    int count = first.size();
    first.removeIf(m -> m.step() <= lastSteps.getOrDefault(m.key(), Long.MIN_VALUE));
    if (!first.isEmpty()) {
      ObjectNode body = MlflowClient.JSON.createObjectNode().put("run_id", id);
      for (Metric m : first) {
        body.withArray("metrics")
            .addObject()
            .put("key", m.key())
            .put("value", m.value())
            .put("timestamp", m.timestamp())
            .put("step", m.step());
      }
      client.post("runs/log-batch", body);
    }
    return count;
  }

  /**
   * Tells how the run stands.
   *
   * @param endTime in milliseconds since 1970, or null while it runs
   */
  void update(String status, Long endTime) throws IOException {
    ObjectNode body = MlflowClient.JSON.createObjectNode().put("run_id", id).put("status", status);
    if (endTime != null) {
      body.put("end_time", endTime);
    }
    client.post("runs/update", body);
  }

  private static ObjectNode entry(String key, String value) {
    return MlflowClient.JSON
        .createObjectNode()
        .put("key", key)
        .put("value", value.length() <= MAX_VALUE ? value : value.substring(0, MAX_VALUE));
  }
}
