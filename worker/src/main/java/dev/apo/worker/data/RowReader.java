package dev.apo.worker.data;

import java.io.IOException;
import java.util.Map;
import java.util.NoSuchElementException;

/** What readers of formats other than JSON Lines have in common: rows are numbered from 1. */
abstract class RowReader implements DataReader {
  private final String name;
  private int rows;
  private Map<String, Object> next;
  private boolean ended;

  RowReader(String name) {
    this.name = name;
  }

  /** The next row's columns, or null behind the last one. */
  abstract Map<String, Object> read() throws IOException;

  /** What to tell of a row that cannot be read. */
  abstract RuntimeException failure(String last, IOException e);

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final boolean hasNext() {
    if (next == null && !ended) {
      try {
        next = read();
        ended = next == null;
      } catch (IOException e) {
        throw failure("row " + rows, e);
      }
    }
    return next != null;
  }

  @Override
  public final Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException(name);
    }
    Row row = new Row(rows, name + ", row " + (rows + 1), next);
    rows++;
    next = null;
    return row;
  }
}
