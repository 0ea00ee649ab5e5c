package dev.apo.worker.data;

import dev.apo.api.v1alpha1.DataFormat;
import java.util.List;
import java.util.Locale;

/** Opens data files in their format. */
public final class DataReaders {
  private DataReaders() {}

  /**
   * Reads files one after the other as if they were one; rows are numbered through.
   *
   * @param name what to call them all
   * @param format null to go by the endings of their names
   */
  public static DataReader open(String name, List<DataFile> files, DataFormat format) {
    return new JoinedReader(name, files.stream().map(file -> open(file, format)).iterator());
  }

  private static DataReader open(DataFile file, DataFormat format) {
    return switch (format != null ? format : byEnding(file.name())) {
      case JSONL -> JsonlReader.open(file.name(), file.path());
      case JSON -> JsonArrayReader.open(file.name(), file.path());
      case CSV -> CsvReader.open(file.name(), file.path());
      case PARQUET -> ParquetReader.open(file.name(), file.path());
    };
  }

  /** Anything unknown is JSON Lines. */
  private static DataFormat byEnding(String file) {
    String name = file.toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "json" -> DataFormat.JSON;
      case "csv" -> DataFormat.CSV;
      case "parquet" -> DataFormat.PARQUET;
      default -> DataFormat.JSONL;
    };
  }
}
