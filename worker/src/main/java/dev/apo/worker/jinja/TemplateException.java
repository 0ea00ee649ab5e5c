package dev.apo.worker.jinja;

/** A template that cannot be read or rendered; the message says where and why. */
public final class TemplateException extends RuntimeException {
  private final boolean located;

  TemplateException(String message) {
    super(message);
    this.located = false;
  }

  private TemplateException(String message, Throwable cause) {
    super(message, cause);
    this.located = true;
  }

  /** The same with its line, unless a part of that line has told it already. */
  TemplateException at(int line) {
    return located ? this : new TemplateException("line " + line + ": " + getMessage(), this);
  }
}
