package dev.apo.worker.data;

import java.nio.file.Path;
import java.util.Locale;

/** Opens data files by the ending of their names; anything unknown is JSON Lines. */
public final class DataReaders {
  private DataReaders() {}

  public static DataReader open(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
    String ending = name.substring(name.lastIndexOf('.') + 1);
    return switch (ending) {
      case "json" -> JsonArrayReader.open(file);
      case "csv" -> CsvReader.open(file);
      case "parquet" -> ParquetReader.open(file);
      default -> JsonlReader.open(file);
    };
  }
}
