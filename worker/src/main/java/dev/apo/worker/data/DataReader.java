package dev.apo.worker.data;

import java.util.Iterator;

/**
 * Reads the rows of one data file in order, without holding the file in memory. Every failure is a
 * {@link dev.apo.worker.ApoException} that says which file and where in it.
 */
public interface DataReader extends Iterator<Row>, AutoCloseable {
  /** The file's name, for messages. */
  String name();

  /** Releases the file; never fails. */
  @Override
  void close();
}
