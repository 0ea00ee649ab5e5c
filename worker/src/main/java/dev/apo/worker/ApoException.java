package dev.apo.worker;

/**
 * A failure that its user can understand: the message is one sentence that says what is wrong,
 * where, and what to do. It is printed as it is, without a stack trace, and ends the program with
 * {@link #exitCode()}.
 */
public final class ApoException extends RuntimeException {
  private final ExitCode exitCode;

  public ApoException(ExitCode exitCode, String message) {
    this(exitCode, message, null);
  }

  public ApoException(ExitCode exitCode, String message, Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  public ExitCode exitCode() {
    return exitCode;
  }
}
