package dev.apo.worker.parquet;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Util;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.schema.MessageType;

/**
 * Reads and writes Parquet files row by row. Groups are Parquet's own dynamic rows, nested columns
 * included.
 */
public final class ParquetRows {
  /**
   * What a file says of itself.
   *
   * @param schema its columns
   * @param metadata free text that its writer left
   */
  public record Description(MessageType schema, Map<String, String> metadata) {}

  /** The footer's length and the magic number behind it. */
  private static final int FOOTER_END = 8;

  private ParquetRows() {}

  /**
   * Packs rows into one Parquet file: Zstandard, one row group, a checksum for every page. The same
   * rows give the same bytes.
   *
   * @param description with at most one entry of metadata, as their order is not kept
   */
  public static byte[] write(Description description, List<? extends Group> rows) {
    MemoryOutput file = new MemoryOutput();
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(file)
            .withConf(new PlainParquetConfiguration())
            .withType(description.schema())
            .withExtraMetaData(description.metadata())
            .withCodecFactory(new PageCodecs())
            .withCompressionCodec(CompressionCodecName.ZSTD)
            .withRowGroupSize((long) Integer.MAX_VALUE)
            .withPageWriteChecksumEnabled(true)
            // They would repeat whole texts for the sake of filters that nobody uses.
            .withStatisticsEnabled(false)
            .build()) {
      for (Group row : rows) {
        writer.write(row);
      }
    } catch (IOException e) {
      throw new IllegalStateException("memory does not fail", e);
    }
    return withSortedEncodings(file.content());
  }

  /**
   * The library lists the encodings of a column in the order of a hash set of enums, which is
   * another in every process.
   */
  private static byte[] withSortedEncodings(byte[] file) {
    ByteBuffer end = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int length = end.getInt(file.length - FOOTER_END);
    int start = file.length - FOOTER_END - length;
    var out = new ByteArrayOutputStream(file.length);
    try {
      FileMetaData footer = Util.readFileMetaData(new ByteArrayInputStream(file, start, length));
      for (RowGroup group : footer.getRow_groups()) {
        for (ColumnChunk column : group.getColumns()) {
          Collections.sort(column.getMeta_data().getEncodings());
          column.getMeta_data().getEncoding_stats().sort(null);
        }
      }
      out.write(file, 0, start);
      Util.writeFileMetaData(footer, out);
    } catch (IOException e) {
      throw new IllegalStateException("memory does not fail", e);
    }
    end.putInt(file.length - FOOTER_END, out.size() - start);
    out.write(file, file.length - FOOTER_END, FOOTER_END);
    return out.toByteArray();
  }

  /**
   * Reads a file in memory.
   *
   * @throws IOException if it is not a whole and sound Parquet file
   */
  public static Description read(byte[] file, Consumer<? super Group> rows) throws IOException {
    return read(new MemoryInput(file), rows);
  }

  /**
   * Reads a file on disk without holding more than a row group of it.
   *
   * @throws IOException if it is not a whole and sound Parquet file
   */
  public static Description read(Path file, Consumer<? super Group> rows) throws IOException {
    return read(new LocalInputFile(file), rows);
  }

  private static Description read(InputFile file, Consumer<? super Group> rows) throws IOException {
    try (ParquetFile parquet = ParquetFile.open(file)) {
      for (Group row = parquet.next(); row != null; row = parquet.next()) {
        rows.accept(row);
      }
      return new Description(parquet.schema(), parquet.metadata());
    }
  }
}
