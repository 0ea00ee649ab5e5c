package dev.apo.worker.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a safetensors file, tensor by tensor, from float32 values. The same tensors always give
 * the same bytes.
 */
public final class SafetensorsWriter implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int WINDOW = 1 << 20;

  /** How values are stored. */
  public enum Format {
    F32(4),
    BF16(2);

    final int bytes;

    Format(int bytes) {
      this.bytes = bytes;
    }
  }

  /** A tensor to come. */
  public record Tensor(String name, long[] shape) {
    long size() {
      return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }
  }

  private final FileChannel channel;
  private final Format format;
  private final Map<String, long[]> ranges = new LinkedHashMap<>();
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(WINDOW).order(ByteOrder.LITTLE_ENDIAN);

  /** Creates the file with a header for all tensors; their values follow in any order. */
  public SafetensorsWriter(Path file, Format format, List<Tensor> tensors) throws IOException {
    this.format = format;
    var header = new LinkedHashMap<String, Object>();
    header.put("__metadata__", Map.of("format", "pt"));
    long offset = 0;
    for (Tensor tensor : tensors) {
      long end = offset + tensor.size() * format.bytes;
      header.put(
          tensor.name(),
          new LinkedHashMap<>(
              Map.of(
                  "dtype",
                  format.name(),
                  "shape",
                  tensor.shape(),
                  "data_offsets",
                  new long[] {offset, end})));
      ranges.put(tensor.name(), new long[] {offset, end});
      offset = end;
    }
    byte[] json = ordered(header).getBytes(StandardCharsets.UTF_8);
    int padded = (json.length + 7) / 8 * 8;
    ByteBuffer head = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
    head.putLong(padded).put(json);
    while (head.hasRemaining()) {
      head.put((byte) ' ');
    }
    this.channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING);
    write(head.flip(), 0);
    long start = 8L + padded;
    ranges.replaceAll((name, range) -> new long[] {start + range[0], start + range[1]});
  }

  private static String ordered(Map<String, Object> header) throws IOException {
    return JSON.writer()
        .with(com.fasterxml.jackson.databind.SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
        .writeValueAsString(header);
  }

  /**
   * Writes some of a tensor's values.
   *
   * @param first index of the first value, counted through the whole tensor
   */
  public void write(String tensor, long first, FloatBuffer values) throws IOException {
    long at = ranges.get(tensor)[0] + first * format.bytes;
    while (values.hasRemaining()) {
      int n = Math.min(values.remaining(), WINDOW / format.bytes);
      buffer.clear();
      for (int i = 0; i < n; i++) {
        float value = values.get();
        if (format == Format.F32) {
          buffer.putFloat(value);
        } else {
          buffer.putShort(Halves.toBf16(value));
        }
      }
      at += write(buffer.flip(), at);
    }
  }

  private long write(ByteBuffer bytes, long at) throws IOException {
    long start = at;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
    return at - start;
  }

  /** Forces everything to the disk. */
  @Override
  public void close() throws IOException {
    try (channel) {
      channel.force(true);
    }
  }
}
