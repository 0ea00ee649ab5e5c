package dev.apo.worker.parquet;

import io.airlift.compress.Compressor;
import io.airlift.compress.Decompressor;
import io.airlift.compress.lz4.Lz4Compressor;
import io.airlift.compress.lz4.Lz4Decompressor;
import io.airlift.compress.snappy.SnappyCompressor;
import io.airlift.compress.snappy.SnappyDecompressor;
import io.airlift.compress.zstd.ZstdCompressor;
import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/**
 * How Parquet pages are packed, all in Java: Parquet's own codecs need Hadoop's configuration and
 * native libraries, and a library in Java packs to the same bytes on every machine.
 */
final class PageCodecs implements CompressionCodecFactory {
  @Override
  public BytesInputCompressor getCompressor(CompressionCodecName name) {
    return switch (name) {
      case UNCOMPRESSED -> new Packer(name, null);
      case ZSTD -> new Packer(name, new ZstdCompressor());
      case SNAPPY -> new Packer(name, new SnappyCompressor());
      case LZ4_RAW -> new Packer(name, new Lz4Compressor());
      default -> throw unsupported(name);
    };
  }

  @Override
  public BytesInputDecompressor getDecompressor(CompressionCodecName name) {
    return switch (name) {
      case UNCOMPRESSED -> new Unpacker((packed, size) -> packed);
      case ZSTD -> new Unpacker(new ZstdDecompressor());
      case SNAPPY -> new Unpacker(new SnappyDecompressor());
      case LZ4_RAW -> new Unpacker(new Lz4Decompressor());
      case GZIP -> new Unpacker(PageCodecs::gunzip);
      default -> throw unsupported(name);
    };
  }

  @Override
  public void release() {}

  private static UnsupportedOperationException unsupported(CompressionCodecName name) {
    return new UnsupportedOperationException("Parquet compression " + name + " is not supported");
  }

  private static byte[] bytes(BytesInput page) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream((int) page.size());
    page.writeAllTo(bytes);
    return bytes.toByteArray();
  }

  private static byte[] gunzip(byte[] packed, int size) throws IOException {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(packed))) {
      return in.readNBytes(size);
    }
  }

  /**
   * @param compressor null to leave pages as they are
   */
  private record Packer(CompressionCodecName name, Compressor compressor)
      implements BytesInputCompressor {
    @Override
    public BytesInput compress(BytesInput page) throws IOException {
      if (compressor == null) {
        return page;
      }
      byte[] plain = bytes(page);
      byte[] packed = new byte[compressor.maxCompressedLength(plain.length)];
      int length = compressor.compress(plain, 0, plain.length, packed, 0, packed.length);
      return BytesInput.from(packed, 0, length);
    }

    @Override
    public CompressionCodecName getCodecName() {
      return name;
    }

    @Override
    public void release() {}
  }

  private interface Unpack {
    byte[] apply(byte[] packed, int size) throws IOException;
  }

  private record Unpacker(Unpack unpack) implements BytesInputDecompressor {
    Unpacker(Decompressor decompressor) {
      this(
          (packed, size) -> {
            byte[] plain = new byte[size];
            int length = decompressor.decompress(packed, 0, packed.length, plain, 0, size);
            return length == size ? plain : new byte[0];
          });
    }

    @Override
    public BytesInput decompress(BytesInput page, int size) throws IOException {
      return BytesInput.from(plain(bytes(page), size));
    }

    @Override
    public void decompress(ByteBuffer input, int packedSize, ByteBuffer output, int size)
        throws IOException {
      byte[] packed = new byte[packedSize];
      input.get(packed);
      output.put(plain(packed, size));
    }

    private byte[] plain(byte[] packed, int size) throws IOException {
      byte[] plain = unpack.apply(packed, size);
      if (plain.length != size) {
        throw new IOException("a page does not unpack to its size");
      }
      return plain;
    }

    @Override
    public void release() {}
  }
}
