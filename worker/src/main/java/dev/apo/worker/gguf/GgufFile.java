package dev.apo.worker.gguf;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A GGUF file of version 2 or 3. Everything that the header claims is checked against the file's
 * size, so a header that lies costs nothing.
 */
final class GgufFile implements AutoCloseable {
  private static final int MAGIC = 0x46554747;
  private static final long MAX_HEADER = 256L << 20;
  private static final int MAX_ENTRIES = 1 << 22;
  private static final int MAX_DEPTH = 4;

  /**
   * One tensor.
   *
   * @param shape rows and columns, or the size of a vector
   * @param offset first byte, from the start of the file
   */
  record Tensor(String name, List<Long> shape, BlockFormat format, long offset) {
    int columns() {
      return Math.toIntExact(shape.get(shape.size() - 1));
    }
  }

  private final Path file;
  private final FileChannel channel;
  private final Map<String, Object> metadata = new LinkedHashMap<>();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  private GgufFile(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws ApoException BAD_DATA if the header is not one, or does not fit the file
   */
  static GgufFile open(Path file) {
    try {
      FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      var gguf = new GgufFile(file, channel);
      try {
        gguf.new Header().read();
        return gguf;
      } catch (RuntimeException | IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw FileErrors.explain("read", file, e);
    }
  }

  /** Reads the header from its start. */
  private final class Header {
    private final long size = channel.size();
    private final ByteBuffer buffer =
        ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN).limit(0);
    private long loaded;

    private Header() throws IOException {}

    void read() throws IOException {
      if (size < 24 || integer() != MAGIC) {
        throw bad("is no GGUF file");
      }
      int version = integer();
      if (version != 2 && version != 3) {
        throw bad("has version " + version + " of GGUF; supported: 2, 3");
      }
      int tensorCount = count(whole(), "tensors");
      int fieldCount = count(whole(), "fields");
      for (int i = 0; i < fieldCount; i++) {
        String name = text();
        if (metadata.putIfAbsent(name, value(integer(), name, 0)) != null) {
          throw bad("has the field " + name + " twice");
        }
      }
      var offsets = new LinkedHashMap<String, Long>();
      var formats = new LinkedHashMap<String, Integer>();
      var shapes = new LinkedHashMap<String, List<Long>>();
      for (int i = 0; i < tensorCount; i++) {
        String name = text();
        if (shapes.putIfAbsent(name, shape(name)) != null) {
          throw bad("has the tensor " + name + " twice");
        }
        formats.put(name, integer());
        offsets.put(name, whole());
      }
      long start = aligned(position());
      shapes.forEach(
          (name, shape) ->
              tensors.put(name, tensor(name, shape, formats.get(name), offsets.get(name), start)));
    }

    private long position() {
      return loaded - buffer.remaining();
    }

    private long aligned(long position) {
      long alignment = number("general.alignment", 32).longValue();
      if (alignment < 1 || alignment > 1 << 20) {
        throw bad("has general.alignment " + alignment);
      }
      return (position + alignment - 1) / alignment * alignment;
    }

    private void need(int bytes) throws IOException {
      if (buffer.remaining() >= bytes) {
        return;
      }
      buffer.compact();
      while (buffer.position() < bytes) {
        int n = channel.read(buffer, loaded);
        if (n < 0) {
          throw bad("ends in the middle of its header");
        }
        loaded += n;
      }
      buffer.flip();
      if (loaded > MAX_HEADER) {
        throw bad("has a header of more than " + (MAX_HEADER >> 20) + " MiB");
      }
    }

    private int integer() throws IOException {
      need(4);
      return buffer.getInt();
    }

    private long whole() throws IOException {
      need(8);
      return buffer.getLong();
    }

    private int count(long count, String what) {
      if (count < 0 || count > MAX_ENTRIES || count > size) {
        throw bad("claims " + Long.toUnsignedString(count) + " " + what);
      }
      return (int) count;
    }

    private String text() throws IOException {
      long length = whole();
      if (length < 0 || length > size - position() || length > MAX_HEADER) {
        throw bad("claims a text of " + Long.toUnsignedString(length) + " bytes");
      }
      byte[] bytes = new byte[(int) length];
      int copied = 0;
      while (copied < bytes.length) {
        need(1);
        int n = Math.min(buffer.remaining(), bytes.length - copied);
        buffer.get(bytes, copied, n);
        copied += n;
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }

    private Object value(int type, String name, int depth) throws IOException {
      return switch (type) {
        case 0 -> one() & 0xFFL;
        case 1 -> (long) one();
        case 2 -> two() & 0xFFFFL;
        case 3 -> (long) two();
        case 4 -> integer() & 0xFFFFFFFFL;
        case 5 -> (long) integer();
        case 6 -> (double) Float.intBitsToFloat(integer());
        case 7 -> one() != 0;
        case 8 -> text();
        case 9 -> list(name, depth);
        case 10, 11 -> whole();
        case 12 -> Double.longBitsToDouble(whole());
        default -> throw bad("gives the field " + name + " the unknown type " + type);
      };
    }

    private byte one() throws IOException {
      need(1);
      return buffer.get();
    }

    private short two() throws IOException {
      need(2);
      return buffer.getShort();
    }

    private List<Object> list(String name, int depth) throws IOException {
      if (depth == MAX_DEPTH) {
        throw bad("nests lists in the field " + name);
      }
      int type = integer();
      int count = count(whole(), "values of the field " + name);
      var values = new ArrayList<Object>();
      for (int i = 0; i < count; i++) {
        values.add(value(type, name, depth + 1));
      }
      return values;
    }

    private List<Long> shape(String name) throws IOException {
      int dimensions = integer();
      if (dimensions < 1 || dimensions > 4) {
        throw bad("gives the tensor " + name + " " + dimensions + " dimensions");
      }
      var shape = new ArrayList<Long>();
      for (int i = 0; i < dimensions; i++) {
        // The fastest one comes first.
        shape.add(0, whole());
      }
      return shape;
    }

    private Tensor tensor(String name, List<Long> shape, int type, long offset, long start) {
      BlockFormat format = BlockFormat.of(type);
      if (format == null) {
        throw bad(
            "stores the tensor "
                + name
                + " in ggml's format "
                + type
                + "; supported: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K");
      }
      long columns = shape.get(shape.size() - 1);
      long available = size - start - offset;
      try {
        long values = shape.stream().reduce(1L, Math::multiplyExact);
        boolean fits =
            shape.stream().allMatch(d -> d > 0)
                && columns <= Integer.MAX_VALUE / Float.BYTES
                && columns % format.values == 0
                && offset >= 0
                && values / format.values <= Math.max(0, available) / format.bytes;
        if (fits) {
          return new Tensor(name, List.copyOf(shape), format, start + offset);
        }
      } catch (ArithmeticException e) {
        // More values than any file has.
      }
      throw bad(
          "is cut off or damaged: the tensor "
              + name
              + " of shape "
              + shape
              + " in "
              + format
              + " does not fit into "
              + size
              + " bytes");
    }
  }

  Path path() {
    return file;
  }

  Map<String, Tensor> tensors() {
    return tensors;
  }

  /** A field, or null. */
  Object field(String name) {
    return metadata.get(name);
  }

  /** A field that must be a text. */
  String text(String name) {
    if (field(name) instanceof String text) {
      return text;
    }
    throw bad("has no field " + name);
  }

  /** A number, or a default where it is not there. */
  Number number(String name, Number otherwise) {
    Object value = field(name);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof Number number) {
      return number;
    }
    throw bad("has a field " + name + " that is no number");
  }

  Number number(String name) {
    Number number = number(name, null);
    if (number == null) {
      throw bad("has no field " + name);
    }
    return number;
  }

  /** A field that must be a list. */
  List<?> list(String name) {
    if (field(name) instanceof List<?> list) {
      return list;
    }
    throw bad("has no field " + name);
  }

  /**
   * Decodes one row of a tensor; a vector is one.
   *
   * @param out gets as many values as the tensor has columns
   */
  void row(Tensor tensor, long row, float[] out) {
    BlockFormat format = tensor.format();
    int blocks = tensor.columns() / format.values;
    ByteBuffer bytes = ByteBuffer.allocate(blocks * format.bytes).order(ByteOrder.LITTLE_ENDIAN);
    long at = tensor.offset() + row * bytes.capacity();
    try {
      while (bytes.hasRemaining()) {
        int n = channel.read(bytes, at + bytes.position());
        if (n < 0) {
          throw bad("became shorter while it was read");
        }
      }
    } catch (IOException e) {
      throw FileErrors.explain("read", file, e);
    }
    for (int block = 0; block < blocks; block++) {
      format.decode(bytes, block * format.bytes, out, block * format.values);
    }
  }

  ApoException bad(String problem) {
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
