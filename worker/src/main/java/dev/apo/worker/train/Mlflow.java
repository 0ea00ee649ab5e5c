package dev.apo.worker.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.manifest.DecidingParts;
import dev.apo.worker.mlflow.MlflowTracker;
import dev.apo.worker.run.RunKeys;
import dev.apo.worker.run.Session;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.telemetry.Tracker;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What MLflow is told of a training. */
final class Mlflow {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Mlflow() {}

  /** One tracker if the environment names a server, else none. */
  static List<Tracker> trackers(Session session) {
    return MlflowTracker.of(
        System.getenv(), subject(session), memory(session), session.reporter()::message);
  }

  private static MlflowTracker.Subject subject(Session session) {
    RunKeys keys = session.keys();
    Map<String, String> tags = new TreeMap<>();
    tags.put("mlflow.source.name", "apo");
    tags.put("mlflow.source.type", "JOB");
    tags.put("mlflow.user", System.getProperty("user.name", "apo"));
    tags.put("apo.namespace", keys.namespace());
    tags.put("apo.name", keys.name());
    tags.put("apo.uid", keys.uid());
    tags.put("apo.vstarKey", session.plan().key());
    tags.put("apo.model", session.storage().uri(keys.model()));
    tags.put("apo.report", session.storage().uri(keys.report()));
    return new MlflowTracker.Subject(keys.name(), params(DecidingParts.json(session.spec())), tags);
  }

  /** Every leaf of a spec by its path, e.g. {@code train.learningRate}. */
  static Map<String, String> params(String spec) {
    Map<String, String> params = new TreeMap<>();
    try {
      flatten("", JSON.readTree(spec), params);
    } catch (IOException e) {
      throw new IllegalArgumentException("no spec: " + spec, e);
    }
    return params;
  }

  private static void flatten(String path, JsonNode value, Map<String, String> params) {
    if (value.isObject()) {
      value
          .properties()
          .forEach(
              field ->
                  flatten(
                      path.isEmpty() ? field.getKey() : path + "." + field.getKey(),
                      field.getValue(),
                      params));
    } else {
      params.put(path, value.isValueNode() ? value.asText() : value.toString());
    }
  }

  private static MlflowTracker.Memory memory(Session session) {
    Storage storage = session.storage();
    String key = session.keys().mlflow();
    return new MlflowTracker.Memory() {
      @Override
      public String runId(String server) {
        if (storage.stat(key).isEmpty()) {
          return null;
        }
        try {
          JsonNode known = JSON.readTree(storage.read(key));
          return known.path("server").asText().equals(server)
              ? known.path("runId").textValue()
              : null;
        } catch (IOException e) {
          return null;
        }
      }

      @Override
      public void remember(String server, String runId) {
        session.writeJson(key, Map.of("server", server, "runId", runId));
      }
    };
  }
}
