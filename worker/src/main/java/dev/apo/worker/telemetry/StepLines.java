package dev.apo.worker.telemetry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.apo.worker.FileErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A file of JSON objects, one a line, each of which has a {@code step}; steps never fall. A run
 * that was interrupted takes back the lines of the steps that it will do again. A line is in the
 * file when it was appended. Not thread-safe.
 */
public final class StepLines implements AutoCloseable {
  static final String STEP = "step";

  /** Where a line's end is damaged, two look like one. */
  private static final ObjectReader ONE_LINE =
      Json.MAPPER.reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final Path file;
  private final FileChannel channel;

  private StepLines(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Opens a file to go on after a step. Lines of later steps are dropped; so is everything from the
   * first unreadable line on, which a kill may have torn.
   *
   * @param file created, with its folder, if it is not there
   * @param resumedStep the last step whose lines are kept; −1 starts an empty file
   */
  public static StepLines open(Path file, long resumedStep) {
    try {
      if (file.getParent() != null) {
        Files.createDirectories(file.getParent());
      }
      long kept = Files.exists(file) ? keptBytes(Files.readAllBytes(file), resumedStep) : 0;
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      channel.truncate(kept).position(kept);
      return new StepLines(file, channel);
    } catch (IOException e) {
      throw FileErrors.explain("write", file, e);
    }
  }

  /** Adds lines of a step. */
  public void append(long step, List<? extends Map<String, ?>> lines) {
    var text = new StringBuilder();
    for (Map<String, ?> fields : lines) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put(STEP, step);
      line.putAll(fields);
      text.append(Json.write(line)).append('\n');
    }
    try {
      write(text);
    } catch (IOException e) {
      throw FileErrors.explain("write", file, e);
    }
  }

  private void write(CharSequence text) throws IOException {
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(text.toString());
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /**
   * Adds fields to the last line, in the order of their names.
   *
   * @throws IllegalStateException if there is no line
   */
  void amend(Map<String, ?> fields) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      int start = bytes.length - 1;
      while (start > 0 && bytes[start - 1] != '\n') {
        start--;
      }
      if (start < 0) {
        throw new IllegalStateException("no step has a record in " + file);
      }
      Map<String, Object> line = new TreeMap<>(fields);
      Json.MAPPER
          .readValue(
              Arrays.copyOfRange(bytes, start, bytes.length),
              new TypeReference<LinkedHashMap<String, Object>>() {})
          .forEach(line::put);
      Map<String, Object> ordered = new LinkedHashMap<>();
      ordered.put(STEP, line.remove(STEP));
      ordered.putAll(line);
      channel.position(start);
      write(Json.write(ordered) + '\n');
      channel.truncate(channel.position());
    } catch (IOException e) {
      throw FileErrors.explain("write", file, e);
    }
  }

  /** All lines, in order. */
  List<JsonNode> read() {
    var lines = new ArrayList<JsonNode>();
    try {
      for (String line : Files.readAllLines(file)) {
        lines.add(Json.MAPPER.readTree(line));
      }
    } catch (IOException e) {
      throw FileErrors.explain("read", file, e);
    }
    return lines;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw FileErrors.explain("write", file, e);
    }
  }

  /** The length of the lines up to a step. */
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

  /** The step of a line; beyond every step if the line is not one. */
  private static long step(byte[] line) {
    try {
      // A decoder that reports damage.
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString();
      JsonNode step = ONE_LINE.readTree(text).path(STEP);
      return step.isIntegralNumber() ? step.asLong() : Long.MAX_VALUE;
    } catch (JsonProcessingException | CharacterCodingException e) {
      return Long.MAX_VALUE;
    }
  }
}
