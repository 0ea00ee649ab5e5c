package dev.apo.worker.data;

import java.util.Iterator;
import java.util.NoSuchElementException;

/** Rows of several readers, one after the other, each opened when the one before has ended. */
final class JoinedReader implements DataReader {
  private final String name;
  private final Iterator<DataReader> readers;
  private DataReader current;
  private int rows;

  JoinedReader(String name, Iterator<DataReader> readers) {
    this.name = name;
    this.readers = readers;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean hasNext() {
    while (current == null || !current.hasNext()) {
      close();
      if (!readers.hasNext()) {
        return false;
      }
      current = readers.next();
    }
    return true;
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException(name);
    }
    Row row = current.next();
    return new Row(rows++, row.place(), row.fields());
  }

  @Override
  public void close() {
    if (current != null) {
      current.close();
      current = null;
    }
  }
}
