package dev.apo.worker.parquet;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;

/** A Parquet file under way: its rows one by one, with one row group in memory. */
public final class ParquetFile implements AutoCloseable {
  private final ParquetFileReader reader;
  private final MessageType schema;
  private RecordReader<Group> records;
  private long left;

  private ParquetFile(ParquetFileReader reader) {
    this.reader = reader;
    this.schema = reader.getFileMetaData().getSchema();
  }

  /**
   * @throws IOException if it is no Parquet file, or a damaged one
   */
  public static ParquetFile open(Path file) throws IOException {
    return open(new LocalInputFile(file));
  }

  static ParquetFile open(InputFile file) throws IOException {
    ParquetReadOptions options =
        ParquetReadOptions.builder(new PlainParquetConfiguration())
            .withCodecFactory(new PageCodecs())
            .usePageChecksumVerification()
            .build();
    try {
      return new ParquetFile(ParquetFileReader.open(file, options));
    } catch (RuntimeException | OutOfMemoryError e) {
      // The library trusts the lengths it reads; in a damaged file they are anything.
      throw damaged(e);
    }
  }

  public MessageType schema() {
    return schema;
  }

  /** Free text that the file's writer left. */
  public Map<String, String> metadata() {
    return reader.getFileMetaData().getKeyValueMetaData();
  }

  /**
   * The next row, or null behind the last one.
   *
   * @throws IOException if the file is damaged
   */
  public Group next() throws IOException {
    try {
      while (left == 0) {
        PageReadStore pages = reader.readNextRowGroup();
        if (pages == null) {
          return null;
        }
        left = pages.getRowCount();
        records =
            new ColumnIOFactory()
                .getColumnIO(schema)
                .getRecordReader(pages, new GroupRecordConverter(schema));
      }
      left--;
      return records.read();
    } catch (RuntimeException | OutOfMemoryError e) {
      throw damaged(e);
    }
  }

  private static IOException damaged(Throwable e) {
    return new IOException(e.getMessage() == null ? "it is damaged" : e.getMessage(), e);
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
