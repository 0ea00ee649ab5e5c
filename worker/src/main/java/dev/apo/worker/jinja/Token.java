package dev.apo.worker.jinja;

/**
 * A piece of a template.
 *
 * @param text of a string, its value
 */
record Token(Kind kind, String text, int line) {
  enum Kind {
    DATA,
    PRINT_BEGIN,
    PRINT_END,
    TAG_BEGIN,
    TAG_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean is(Kind other, String word) {
    return kind == other && text.equals(word);
  }
}
