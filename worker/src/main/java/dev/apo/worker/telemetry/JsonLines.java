package dev.apo.worker.telemetry;

import dev.apo.worker.ExitCode;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One JSON object per event, for log collectors; of a part within a stage, its start and every five
 * seconds at most.
 */
public final class JsonLines implements ProgressView {
  private static final Duration PAUSE = Duration.ofSeconds(5);

  private final PrintStream out;
  private Instant nextOfPart = Instant.MIN;

  public JsonLines(PrintStream out) {
    this.out = out;
  }

  @Override
  public void started(Progress progress) {
    print(progress.time(), "started", progress.json());
  }

  @Override
  public void advanced(Progress progress) {
    if (progress.part() == null) {
      nextOfPart = Instant.MIN;
      print(progress.time(), "progress", progress.json());
    } else if (!progress.time().isBefore(nextOfPart)) {
      nextOfPart = progress.time().plus(PAUSE);
      print(progress.time(), "part", progress.json());
    }
  }

  @Override
  public void finished(Progress progress) {
    print(progress.time(), "finished", progress.json());
  }

  @Override
  public void message(Instant time, String text) {
    print(time, "message", Map.of("message", text));
  }

  /** The last line of a program that fails: the sentence that a person should read. */
  public void failed(Instant time, String sentence, ExitCode code) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("message", sentence);
    body.put("exitCode", code.value());
    body.put("reason", code.name());
    print("ERROR", time, "failed", body);
  }

  private void print(Instant time, String event, Map<String, Object> body) {
    print("INFO", time, event, body);
  }

  private void print(String level, Instant time, String event, Map<String, Object> body) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("time", time.toString());
    line.put("level", level);
    line.put("event", event);
    line.putAll(body);
    out.println(Json.write(line));
  }
}
