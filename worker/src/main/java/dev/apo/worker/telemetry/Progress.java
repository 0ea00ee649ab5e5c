package dev.apo.worker.telemetry;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How far a stage is at one moment.
 *
 * @param stage its name
 * @param unit what is counted, in the plural
 * @param done units that are done
 * @param total units in all
 * @param perSecond the smoothed rate in units per second; 0 while it is not known
 * @param elapsed since the stage began in this process
 * @param figures the figures to show, in order
 * @param time when this was so
 * @param part what the stage is busy with by itself, such as an evaluation; null most of the time
 */
public record Progress(
    String stage,
    String unit,
    long done,
    long total,
    double perSecond,
    Duration elapsed,
    Map<String, Double> figures,
    Instant time,
    Progress part) {

  public Progress {
    figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
  }

  /** 0 to 100. */
  public double percent() {
    return total <= 0 ? 100 : Math.min(100, 100.0 * done / total);
  }

  /** The time that the rest takes at this rate; empty while there is no rate. */
  public Optional<Duration> eta() {
    if (done >= total) {
      return Optional.of(Duration.ZERO);
    }
    return perSecond > 0
        ? Optional.of(Duration.ofSeconds(Math.round((total - done) / perSecond)))
        : Optional.empty();
  }

  /** As a JSON object: the body of {@code /progress} and the core of a JSON log line. */
  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("stage", stage);
    json.put("unit", unit);
    json.put("done", done);
    json.put("total", total);
    json.put("percent", Math.round(percent() * 10) / 10.0);
    json.put("elapsedSeconds", elapsed.toSeconds());
    json.put("etaSeconds", eta().map(Duration::toSeconds).orElse(null));
    json.put("figures", Json.finite(figures));
    if (part != null) {
      json.put("part", part.json());
    }
    return json;
  }
}
