package dev.apo.worker.manifest;

import org.snakeyaml.engine.v2.nodes.Node;

/**
 * What is wrong with a manifest, and at which line. It becomes an {@link
 * dev.apo.worker.ApoException} where the name of the file is known.
 */
final class Problem extends RuntimeException {
  private final int line;

  /**
   * @param line counted from 1; 0 when it is not known
   */
  Problem(int line, String message) {
    super(message, null, false, false);
    this.line = line;
  }

  Problem(Node where, String message) {
    this(lineOf(where), message);
  }

  int line() {
    return line;
  }

  private static int lineOf(Node node) {
    return node == null ? 0 : node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
  }
}
