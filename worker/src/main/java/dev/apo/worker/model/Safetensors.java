package dev.apo.worker.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A safetensors file, memory-mapped. Everything that the header claims is checked against the
 * file's size before anything is read, so a header that lies costs nothing.
 */
public final class Safetensors implements AutoCloseable {
  /** What the format's own reader allows for the header. */
  private static final long MAX_HEADER = 100_000_000;

  /** Values read at once. */
  private static final int WINDOW = 1 << 22;

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /** Number formats of weights; what else the format knows (integers, F8 …) is refused by name. */
  enum Format {
    F32(4),
    F16(2),
    BF16(2);

    final int bytes;

    Format(int bytes) {
      this.bytes = bytes;
    }
  }

  /**
   * One tensor of the file.
   *
   * @param offset first byte, from the start of the file
   */
  public record Entry(String name, String dtype, List<Long> shape, long offset, long bytes) {}

  private final Path file;
  private final FileChannel channel;
  private final Map<String, Entry> entries;

  // Used for all tensors: memory outside Java's heap comes back only when Java collects garbage,
  // which a small heap rarely needs.
  private ByteBuffer stored = ByteBuffer.allocate(0);
  private FloatBuffer floats = FloatBuffer.allocate(0);

  private Safetensors(Path file, FileChannel channel, Map<String, Entry> entries) {
    this.file = file;
    this.channel = channel;
    this.entries = entries;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws ApoException BAD_DATA if the header is not one, or does not fit the file
   */
  public static Safetensors open(Path file) {
    try {
      FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      try {
        return new Safetensors(file, channel, readHeader(file, channel));
      } catch (RuntimeException | IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw FileErrors.explain("read", file, e);
    }
  }

  private static Map<String, Entry> readHeader(Path file, FileChannel channel) throws IOException {
    long size = channel.size();
    if (size < 8) {
      throw bad(file, "has " + size + " bytes, too few for a header");
    }
    ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    readFully(file, channel, length, 0);
    long headerBytes = length.getLong(0);
    if (headerBytes < 2 || headerBytes > MAX_HEADER || headerBytes > size - 8) {
      throw bad(
          file,
          "claims a header of "
              + Long.toUnsignedString(headerBytes)
              + " bytes in a file of "
              + size);
    }
    ByteBuffer header = ByteBuffer.allocate((int) headerBytes);
    readFully(file, channel, header, 8);
    JsonNode json = parse(file, new String(header.array(), StandardCharsets.UTF_8));
    long start = 8 + headerBytes;
    var entries = new LinkedHashMap<String, Entry>();
    for (var field : json.properties()) {
      if (!field.getKey().equals("__metadata__")) {
        entries.put(
            field.getKey(), entry(file, field.getKey(), field.getValue(), start, size - start));
      }
    }
    checkOverlaps(file, entries);
    return entries;
  }

  private static JsonNode parse(Path file, String header) {
    try {
      JsonNode json = JSON.readTree(header);
      if (json.isObject()) {
        return json;
      }
    } catch (JsonProcessingException e) {
      throw bad(file, "is corrupt: its header is not JSON");
    }
    throw bad(file, "is corrupt: its header is not a JSON object");
  }

  private static Entry entry(Path file, String name, JsonNode json, long start, long available) {
    JsonNode offsets = json.path("data_offsets");
    JsonNode dims = json.path("shape");
    if (!json.path("dtype").isTextual() || !dims.isArray() || !offsets.isArray()) {
      throw bad(file, "has an incomplete header entry for tensor " + name);
    }
    var shape = new ArrayList<Long>();
    for (JsonNode dim : dims) {
      if (!isWhole(dim)) {
        throw bad(file, "gives tensor " + name + " the impossible shape " + dims);
      }
      shape.add(dim.asLong());
    }
    if (offsets.size() != 2
        || !isWhole(offsets.get(0))
        || !isWhole(offsets.get(1))
        || offsets.get(1).asLong() < offsets.get(0).asLong()) {
      throw bad(file, "gives tensor " + name + " impossible offsets " + offsets);
    }
    long from = offsets.get(0).asLong();
    long to = offsets.get(1).asLong();
    if (to > available) {
      throw bad(
          file,
          "is truncated or corrupt: tensor " + name + " ends at byte " + to + " of " + available);
    }
    String dtype = json.path("dtype").asText();
    for (Format format : Format.values()) {
      if (format.name().equals(dtype) && !fits(shape, format.bytes, to - from)) {
        throw bad(
            file,
            "gives tensor "
                + name
                + " "
                + (to - from)
                + " bytes, which its shape "
                + shape
                + " does not need");
      }
    }
    return new Entry(name, dtype, List.copyOf(shape), start + from, to - from);
  }

  private static boolean isWhole(JsonNode number) {
    return number.isIntegralNumber() && number.canConvertToLong() && number.asLong() >= 0;
  }

  private static boolean fits(List<Long> shape, int width, long bytes) {
    try {
      long n = width;
      for (long d : shape) {
        n = Math.multiplyExact(n, d);
      }
      return n == bytes;
    } catch (ArithmeticException e) {
      return false;
    }
  }

  private static void checkOverlaps(Path file, Map<String, Entry> entries) {
    List<Entry> sorted =
        entries.values().stream()
            .sorted(Comparator.comparingLong(Entry::offset).thenComparingLong(Entry::bytes))
            .toList();
    for (int i = 1; i < sorted.size(); i++) {
      Entry before = sorted.get(i - 1);
      if (before.offset() + before.bytes() > sorted.get(i).offset()) {
        throw bad(
            file,
            "is corrupt: tensors " + before.name() + " and " + sorted.get(i).name() + " overlap");
      }
    }
  }

  private static void readFully(Path file, FileChannel channel, ByteBuffer into, long position)
      throws IOException {
    while (into.hasRemaining()) {
      int n = channel.read(into, position + into.position());
      if (n < 0) {
        throw bad(file, "ends before its header says");
      }
    }
    into.flip();
  }

  /** Names of the tensors, in the header's order. */
  public Set<String> names() {
    return entries.keySet();
  }

  /** The header's entry for a tensor, or null. */
  public Entry entry(String name) {
    return entries.get(name);
  }

  /** Receives a tensor's values in order, some at a time. */
  @FunctionalInterface
  public interface Sink {
    /**
     * @param first index of the first value, counted through the whole tensor
     * @param values a direct buffer of float32 values, valid during the call
     */
    void accept(long first, FloatBuffer values);
  }

  /**
   * Checks that a tensor's values can be read.
   *
   * @throws ApoException BAD_DATA if its number format is not supported
   */
  public void checkFormat(String name) {
    format(entries.get(name));
  }

  /**
   * Reads a tensor as float32, in pieces of bounded size.
   *
   * @throws ApoException BAD_DATA if its number format is not supported
   */
  public void read(String name, Sink sink) {
    Entry entry = entries.get(name);
    Format format = format(entry);
    long count = entry.bytes() / format.bytes;
    int piece = (int) Math.min(count, WINDOW);
    if (stored.capacity() < piece * Float.BYTES) {
      stored = direct(piece).order(ByteOrder.LITTLE_ENDIAN);
      floats = direct(piece).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }
    try {
      for (long first = 0; first < count; first += piece) {
        int n = (int) Math.min(piece, count - first);
        readFully(
            file,
            channel,
            stored.clear().limit(n * format.bytes),
            entry.offset() + first * format.bytes);
        convert(format, stored, floats.clear(), n);
        sink.accept(first, floats.flip());
      }
    } catch (IOException e) {
      throw FileErrors.explain("read", file, e);
    }
  }

  private static ByteBuffer direct(int values) {
    return ByteBuffer.allocateDirect(values * Float.BYTES);
  }

  private Format format(Entry entry) {
    for (Format format : Format.values()) {
      if (format.name().equals(entry.dtype())) {
        return format;
      }
    }
    throw bad(
        file,
        "stores tensor " + entry.name() + " as " + entry.dtype() + "; supported: F32, F16, BF16");
  }

  private static void convert(Format format, ByteBuffer from, FloatBuffer to, int n) {
    switch (format) {
      case F32 -> to.put(from.asFloatBuffer());
      case BF16 -> {
        var bits = from.asShortBuffer();
        for (int i = 0; i < n; i++) {
          to.put(Float.intBitsToFloat(bits.get(i) << 16));
        }
      }
      case F16 -> {
        var bits = from.asShortBuffer();
        for (int i = 0; i < n; i++) {
          to.put(Halves.fromF16(bits.get(i)));
        }
      }
    }
  }

  private static ApoException bad(Path file, String problem) {
    return new ApoException(ExitCode.BAD_DATA, file + " " + problem + ".");
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw FileErrors.explain("read", file, e);
    }
  }
}
