package dev.apo.worker.telemetry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.FileErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The metrics of every step, one JSON object per line: {@code {"step": 7, "critic/rewards/mean":
 * 0.5, …}}. Steps rise and none occurs twice, also when a run is interrupted and resumed. A line is
 * in the file when {@link #append} returns. Not thread-safe.
 */
public final class MetricsLog implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;
  private long lastStep;

  private MetricsLog(Path file, FileChannel channel, long lastStep) {
    this.file = file;
    this.channel = channel;
    this.lastStep = lastStep;
  }

  /**
   * Opens a log to go on after a step. Records of later steps are dropped, for those steps will be
   * done again; so is everything from the first unreadable line on, which a kill may have torn.
   *
   * @param file created, with its folder, if it is not there
   * @param resumedStep the last step whose result is kept; −1 starts an empty log
   */
  public static MetricsLog open(Path file, long resumedStep) {
    try {
      if (file.getParent() != null) {
        Files.createDirectories(file.getParent());
      }
      long kept = Files.exists(file) ? keptBytes(Files.readAllBytes(file), resumedStep) : 0;
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      channel.truncate(kept).position(kept);
      return new MetricsLog(file, channel, resumedStep);
    } catch (IOException e) {
      throw FileErrors.explain("write", file, e);
    }
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
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("step", step);
    line.putAll(Json.finite(metrics));
    try {
      write(line);
    } catch (IOException e) {
      throw FileErrors.explain("write", file, e);
    }
    lastStep = step;
  }

  private void write(Map<String, Object> line) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((Json.write(line) + '\n').getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /**
   * Adds metrics to the record of the last step, which must be in the log.
   *
   * @throws IllegalStateException if the log is empty
   */
  public void amend(Map<String, Double> metrics) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      int start = bytes.length - 1;
      while (start > 0 && bytes[start - 1] != '\n') {
        start--;
      }
      if (start < 0) {
        throw new IllegalStateException("no step has a record in " + file);
      }
      Map<String, Object> line = new TreeMap<>(Json.finite(metrics));
      Json.MAPPER
          .readValue(
              Arrays.copyOfRange(bytes, start, bytes.length),
              new TypeReference<LinkedHashMap<String, Object>>() {})
          .forEach(line::put);
      Map<String, Object> ordered = new LinkedHashMap<>();
      ordered.put("step", line.remove("step"));
      ordered.putAll(line);
      channel.position(start);
      write(ordered);
      channel.truncate(channel.position());
    } catch (IOException e) {
      throw FileErrors.explain("write", file, e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw FileErrors.explain("write", file, e);
    }
  }

  /** The length of the records up to a step. */
  private static int keptBytes(byte[] bytes, long lastStep) {
    int start = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        if (step(Arrays.copyOfRange(bytes, start, i)) > lastStep) {
          break;
        }
        start = i + 1;
      }
    }
    return start;
  }

  /** The step of a record; beyond every step if the line is not one. */
  private static long step(byte[] line) {
    try {
      JsonNode step = Json.MAPPER.readTree(new String(line, StandardCharsets.UTF_8)).path("step");
      return step.isIntegralNumber() ? step.asLong() : Long.MAX_VALUE;
    } catch (JsonProcessingException e) {
      return Long.MAX_VALUE;
    }
  }
}
