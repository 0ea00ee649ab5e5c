package dev.apo.worker.compare;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.cost.Cost;
import dev.apo.worker.cost.StageCost;
import dev.apo.worker.manifest.DecidingParts;
import dev.apo.worker.manifest.Manifest;
import dev.apo.worker.run.RunKeys;
import dev.apo.worker.storage.ArtifactManifest;
import dev.apo.worker.storage.Storage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A run's directory in storage.
 *
 * @param name of the run
 * @param root of the run within the storage; empty if the storage is the run's own directory
 */
record RunPlace(String name, Storage storage, String root) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ACCURACY = "val/test_correctness_score";
  private static final double SECONDS = 3600;

  String key(String name) {
    return root.isEmpty() ? name : root + "/" + name;
  }

  /** Whether the run is complete, with this very manifest. */
  boolean isFinished(Manifest manifest) {
    return isFinished()
        && DecidingParts.changes(text(RunKeys.SPEC), DecidingParts.json(manifest.spec())).isEmpty();
  }

  private boolean isFinished() {
    return has(RunKeys.SPEC)
        && has(RunKeys.RESULT)
        && ArtifactManifest.isComplete(storage, key(RunKeys.MODEL));
  }

  /** What its manifest said, as far as it decides the result. */
  JsonNode spec() {
    return json(RunKeys.SPEC);
  }

  /** How far the trained policy is from the starting model; null if nobody has measured it. */
  Double divergence() {
    return has(RunKeys.DIVERGENCE)
        ? Double.valueOf(number(json(RunKeys.DIVERGENCE), RunKeys.DIVERGENCE, "mean"))
        : null;
  }

  /** Keeps what was measured, for the next comparison. */
  void writeDivergence(Divergence.Measured measured) {
    try {
      storage.write(key(RunKeys.DIVERGENCE), JSON.writeValueAsBytes(measured));
    } catch (IOException e) {
      throw new IllegalStateException("a record of plain values", e);
    }
  }

  /**
   * @throws ApoException NOT_FOUND if it is no finished run, BAD_ARTIFACT if it was made by a
   *     version that did not note what is compared
   */
  FinishedRun read() {
    if (!isFinished()) {
      throw new ApoException(
          ExitCode.NOT_FOUND,
          "There is no finished run at "
              + storage.uri(root)
              + "; give the directory of one, such as STORAGE/runs/NAMESPACE/NAME/UID.");
    }
    JsonNode key = json(RunKeys.PREPARED).path("vstarKey");
    Map<String, StageCost> stages = Cost.read(storage, key(RunKeys.USAGE)).stages();
    double peak = stages.values().stream().mapToDouble(StageCost::peakMemoryMiB).max().orElse(0);
    boolean values = key.isTextual();
    return new FinishedRun(
        storage.uri(root),
        name,
        spec(),
        JSON.convertValue(json(RunKeys.INPUTS), new TypeReference<Map<String, String>>() {}),
        values ? key.asText() : null,
        values
            ? new TableCost(
                stages.get("estimate").hours() * SECONDS,
                number(json(RunKeys.VALUES), RunKeys.VALUES, "sampledTokens"),
                stages.get("estimate").peakMemoryMiB())
            : TableCost.NONE,
        evaluations(),
        peak == 0 ? null : Double.valueOf(peak),
        divergence());
  }

  private List<Point> evaluations() {
    var points = new ArrayList<Point>();
    double seconds = 0;
    double tokens = 0;
    for (String text : text(RunKeys.METRICS).lines().toList()) {
      JsonNode line = parse(text, RunKeys.METRICS);
      int step = line.path("step").asInt();
      if (step > 0) {
        seconds += number(line, RunKeys.METRICS, "timing_s/step");
        tokens += number(line, RunKeys.METRICS, "perf/generated_tokens");
      }
      if (line.path(ACCURACY).isNumber()) {
        points.add(new Point(step, seconds, tokens, line.get(ACCURACY).asDouble()));
      }
    }
    if (points.isEmpty()) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST,
          "The run " + name + " was not evaluated; a comparison needs spec.data.eval.");
    }
    return List.copyOf(points);
  }

  private boolean has(String name) {
    return storage.stat(key(name)).isPresent();
  }

  private String text(String name) {
    return new String(storage.read(key(name)), StandardCharsets.UTF_8);
  }

  private JsonNode json(String name) {
    return parse(text(name), name);
  }

  private JsonNode parse(String text, String name) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new ApoException(
          ExitCode.BAD_ARTIFACT, storage.uri(key(name)) + " is damaged; run it anew.", e);
    }
  }

  private double number(JsonNode object, String file, String field) {
    if (!object.path(field).isNumber()) {
      throw new ApoException(
          ExitCode.BAD_ARTIFACT,
          storage.uri(key(file))
              + " has no "
              + field
              + ": an earlier version made it; run it anew to compare it.");
    }
    return object.get(field).asDouble();
  }
}
