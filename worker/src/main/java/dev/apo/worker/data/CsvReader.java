package dev.apo.worker.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackReader;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Reads comma-separated values (RFC 4180) with a header line: UTF-8, plain or gzipped. Every value
 * is text.
 */
final class CsvReader extends RowReader {
  private static final ObjectReader ROW =
      CsvMapper.builder()
          .enable(CsvParser.Feature.SKIP_EMPTY_LINES)
          .build()
          .readerFor(new TypeReference<LinkedHashMap<String, Object>>() {})
          .with(CsvSchema.emptySchema().withHeader());

  private final InputStream in;
  private MappingIterator<Map<String, Object>> rows;

  private CsvReader(String name, Path file) {
    super(name);
    this.in = TextInput.open(name, file);
  }

  static CsvReader open(String name, Path file) {
    return new CsvReader(name, file);
  }

  @Override
  Map<String, Object> read() throws IOException {
    if (rows == null) {
      PushbackReader text = TextInput.reader(in);
      int first = text.read();
      if (first < 0) {
        return null;
      }
      text.unread(first);
      rows = ROW.readValues(text);
    }
    return rows.hasNextValue() ? rows.nextValue() : null;
  }

  @Override
  RuntimeException failure(String last, IOException e) {
    if (e instanceof JsonProcessingException csv) {
      return new ApoException(
          ExitCode.BAD_DATA,
          name()
              + ": what follows "
              + last
              + " is not valid CSV: "
              + csv.getOriginalMessage()
              + ".",
          e);
    }
    return TextInput.failure(name(), last, e);
  }

  @Override
  public void close() {
    TextInput.closeQuietly(in);
  }
}
