package dev.apo.worker;

/**
 * The exit codes of the training program, one for each class of outcome. They are part of the
 * worker contract: the operator reads from them whether another attempt can help. Values follow the
 * BSD {@code sysexits.h} convention.
 */
public enum ExitCode {
  /** The stage is complete. */
  OK(0),
  /** The command line is wrong: never retry. */
  USAGE(64),
  /** A model, data file or answer is not what the manifest says it is: never retry. */
  BAD_DATA(65),
  /** A file or object that the manifest names does not exist: never retry. */
  NOT_FOUND(66),
  /** A fault of this program, or not enough memory: a retry may help, and a report will. */
  INTERNAL(70),
  /** An artifact of an earlier stage is damaged or incomplete. */
  BAD_ARTIFACT(74),
  /** Storage or another service does not answer: retry later. */
  UNAVAILABLE(75),
  /** Credentials or file permissions are refused: never retry. */
  DENIED(77),
  /** The manifest is wrong: never retry. */
  BAD_MANIFEST(78),
  /** Stopped by SIGTERM after everything finished was saved: run again to go on. */
  STOPPED(143);

  private final int value;

  ExitCode(int value) {
    this.value = value;
  }

  /** The process exit status, 0 to 255. */
  public int value() {
    return value;
  }
}
