package dev.apo.worker.telemetry;

import java.io.PrintStream;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** One JSON object per event, for log collectors. */
public final class JsonLines implements ProgressView {
  private final PrintStream out;

  public JsonLines(PrintStream out) {
    this.out = out;
  }

  @Override
  public void started(Progress progress) {
    print(progress.time(), "started", progress.json());
  }

  @Override
  public void advanced(Progress progress) {
    print(progress.time(), "progress", progress.json());
  }

  @Override
  public void finished(Progress progress) {
    print(progress.time(), "finished", progress.json());
  }

  @Override
  public void message(Instant time, String text) {
    print(time, "message", Map.of("message", text));
  }

  private void print(Instant time, String event, Map<String, Object> body) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("time", time.toString());
    line.put("level", "INFO");
    line.put("event", event);
    line.putAll(body);
    out.println(Json.write(line));
  }
}
