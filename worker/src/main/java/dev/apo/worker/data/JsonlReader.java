package dev.apo.worker.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.JsonErrors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.NoSuchElementException;

/**
 * Reads JSON Lines: UTF-8, one object per line, plain or gzipped (told by the content, not the
 * name). Blank lines are skipped and are no rows.
 */
public final class JsonlReader implements DataReader {
  private static final ObjectReader OBJECT =
      JsonMapper.builder()
          // "42.0" in the file must stay "42.0": some rewards compare strings.
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .readerFor(new TypeReference<LinkedHashMap<String, Object>>() {});

  /** No row that a model can learn from is longer; what has no line ends is no JSON Lines. */
  static final int MAX_LINE_BYTES = 16 << 20;

  private final String name;
  private final InputStream in;
  private int rows;
  private long line;
  private Row next;

  private JsonlReader(String name, InputStream in) {
    this.name = name;
    this.in = in;
  }

  /** Opens a file; the name is for messages. */
  static JsonlReader open(String name, Path file) {
    return new JsonlReader(name, TextInput.open(name, file));
  }

  /** Reads from a stream, which is closed with the reader; the name is for messages. */
  static JsonlReader open(String name, InputStream in) {
    return new JsonlReader(name, TextInput.open(name, in));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean hasNext() {
    if (next == null) {
      next = read();
    }
    return next != null;
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException(name);
    }
    Row row = next;
    next = null;
    return row;
  }

  @Override
  public void close() {
    TextInput.closeQuietly(in);
  }

  private Row read() {
    try {
      for (byte[] bytes = readLine(); bytes != null; bytes = readLine()) {
        String text = decode(bytes);
        if (!text.isBlank()) {
          return new Row(rows++, place(), parse(text));
        }
      }
      return null;
    } catch (IOException e) {
      throw TextInput.failure(name, "line " + line, e);
    }
  }

  /** The bytes of the next line without its end, or null after the last one. */
  private byte[] readLine() throws IOException {
    int b = in.read();
    if (b < 0) {
      return null;
    }
    line++;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    for (; b >= 0 && b != '\n'; b = in.read()) {
      if (bytes.size() == MAX_LINE_BYTES) {
        throw new ApoException(
            ExitCode.BAD_DATA,
            place()
                + " is longer than "
                + (MAX_LINE_BYTES >> 20)
                + " MiB; JSON Lines have one object per line, other formats need their ending or the dataset's format.");
      }
      bytes.write(b);
    }
    return bytes.toByteArray();
  }

  private String decode(byte[] bytes) {
    try {
      // A decoder that reports: new String would turn damage into question marks.
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return line == 1 && text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (CharacterCodingException e) {
      throw new ApoException(ExitCode.BAD_DATA, place() + ": the text is not UTF-8.", e);
    }
  }

  private LinkedHashMap<String, Object> parse(String text) {
    String start = text.strip();
    if (!start.startsWith("{")) {
      throw new ApoException(
          ExitCode.BAD_DATA,
          place()
              + ": expected one JSON object per line (JSON Lines), found \""
              + start.substring(0, Math.min(start.length(), 40))
              + "\".");
    }
    try {
      return OBJECT.readValue(text);
    } catch (JsonProcessingException e) {
      throw new ApoException(
          ExitCode.BAD_DATA,
          place()
              + ": expected one JSON object per line (JSON Lines), but this is not valid JSON: "
              + JsonErrors.reason(e)
              + ".",
          e);
    }
  }

  private String place() {
    return name + ", line " + line;
  }
}
