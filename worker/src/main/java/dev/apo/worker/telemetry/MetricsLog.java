package dev.apo.worker.telemetry;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * The metrics of every step, one JSON object per line: {@code {"step": 7, "critic/rewards/mean":
 * 0.5, …}}. Steps rise and none occurs twice, also when a run is interrupted and resumed. A line is
 * in the file when {@link #append} returns. Not thread-safe.
 */
public final class MetricsLog implements AutoCloseable {
  private final StepLines lines;
  private long lastStep;
  private long lastRecord;

  private MetricsLog(StepLines lines, long lastStep) {
    this.lines = lines;
    this.lastStep = lastStep;
    this.lastRecord = steps().stream().reduce(-1L, (before, step) -> step);
  }

  /**
   * Opens a log to go on after a step, as {@link StepLines#open} does.
   *
   * @param resumedStep the last step whose result is kept; −1 starts an empty log
   */
  public static MetricsLog open(Path file, long resumedStep) {
    return new MetricsLog(StepLines.open(file, resumedStep), resumedStep);
  }

  /**
   * Adds the record of a step. What JSON has no number for (NaN, infinity) becomes null.
   *
   * @throws IllegalArgumentException if the step is not after the last one
   */
  public void append(long step, Map<String, Double> metrics) {
    if (step <= lastStep) {
      throw new IllegalArgumentException("step " + step + " comes after step " + lastStep);
    }
    add(step, metrics);
    lastStep = step;
  }

  private void add(long step, Map<String, Double> metrics) {
    lines.append(step, List.of(Json.finite(metrics)));
    lastRecord = step;
  }

  /** Adds metrics to the record of the last step; if that was lost, they are its record. */
  public void amend(long step, Map<String, Double> metrics) {
    if (step == lastRecord) {
      lines.amend(Json.finite(metrics));
    } else {
      add(step, metrics);
    }
  }

  /** Whether the record of a step is missing, from the first step on to the last. */
  public boolean hasGap() {
    List<Long> steps = steps();
    long first = steps.isEmpty() ? lastStep : steps.get(0);
    // Only a run that is evaluated has a record of step 0.
    return first > 1 || !steps.equals(LongStream.rangeClosed(first, lastStep).boxed().toList());
  }

  private List<Long> steps() {
    return lines.read().stream().map(line -> line.get(StepLines.STEP).asLong()).toList();
  }

  /** Tells a tracker all that is in the log. */
  public void replay(Tracker tracker) {
    for (JsonNode line : lines.read()) {
      Map<String, Double> metrics = new LinkedHashMap<>();
      line.properties()
          .forEach(
              field -> {
                if (!field.getKey().equals(StepLines.STEP) && field.getValue().isNumber()) {
                  metrics.put(field.getKey(), field.getValue().doubleValue());
                }
              });
      tracker.append(line.get(StepLines.STEP).asLong(), metrics);
    }
  }

  @Override
  public void close() {
    lines.close();
  }
}
