package dev.apo.worker.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.NoSuchElementException;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

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

  private final String name;
  private final InputStream in;
  private int rows;
  private long line;
  private Row next;

  private JsonlReader(String name, InputStream in) {
    this.name = name;
    this.in = in;
  }

  /** Opens a file. */
  public static JsonlReader open(Path file) {
    try {
      return open(file.toString(), Files.newInputStream(file));
    } catch (IOException e) {
      throw FileErrors.explain("read", file, e);
    }
  }

  /** Reads from a stream, which is closed with the reader; the name is for messages. */
  public static JsonlReader open(String name, InputStream in) {
    try {
      return new JsonlReader(name, unzipped(new BufferedInputStream(in, 1 << 16)));
    } catch (IOException e) {
      closeQuietly(in);
      throw failure(name, 0, e);
    }
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
    closeQuietly(in);
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
      throw failure(name, line, e);
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
              + e.getOriginalMessage()
              + ".",
          e);
    }
  }

  private String place() {
    return name + ", line " + line;
  }

  private static InputStream unzipped(BufferedInputStream in) throws IOException {
    in.mark(2);
    int magic = in.read() | in.read() << 8;
    in.reset();
    return magic == GZIPInputStream.GZIP_MAGIC
        ? new BufferedInputStream(new GZIPInputStream(in, 1 << 16), 1 << 16)
        : in;
  }

  private static ApoException failure(String name, long line, IOException e) {
    if (e instanceof EOFException || e instanceof ZipException) {
      return new ApoException(
          ExitCode.BAD_DATA,
          name + ": the gzip file is damaged or cut off after line " + line + ".",
          e);
    }
    return new ApoException(
        ExitCode.UNAVAILABLE,
        name + " cannot be read after line " + line + ": " + e.getMessage() + ".",
        e);
  }

  private static void closeQuietly(InputStream in) {
    try {
      in.close();
    } catch (IOException e) {
      // Everything that was wanted has been read.
    }
  }
}
