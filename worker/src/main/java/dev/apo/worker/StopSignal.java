package dev.apo.worker;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Gives a stage the time to save its work when the process is asked to stop (SIGTERM, Ctrl-C): the
 * stage looks at {@link #requested()} between two pieces of work, saves and returns. The process
 * ends when the program has had its last word and calls {@link #exit}.
 */
public final class StopSignal implements AutoCloseable {
  /**
   * Less than the 30 s that Kubernetes waits by default would be too short for a large checkpoint;
   * the pod sets its own.
   */
  private static final long PATIENCE_SECONDS = 600;

  private static volatile boolean exitAwaited;

  private final CountDownLatch never = new CountDownLatch(1);
  private final Thread hook = new Thread(this::onShutdown, "stop-signal");
  private volatile boolean requested;

  /** Starts to listen. */
  public static StopSignal install() {
    var signal = new StopSignal();
    Runtime.getRuntime().addShutdownHook(signal.hook);
    return signal;
  }

  private void onShutdown() {
    requested = true;
    exitAwaited = true;
    try {
      never.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether the work should be saved and ended now. */
  public boolean requested() {
    return requested;
  }

  /** Ends listening; once a stop was requested, {@link #exit} must follow. */
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending already.
      exitAwaited = true;
    }
  }

  /** Ends the process, also one that was asked to stop and waits for its work. */
  public static void exit(int code) {
    if (exitAwaited) {
      Runtime.getRuntime().halt(code);
    }
    System.exit(code);
  }

  /**
   * @throws ApoException STOPPED once a stop was requested
   */
  public void check() {
    if (requested) {
      throw stopped();
    }
  }

  /** What ends work that was asked to stop. */
  public static ApoException stopped() {
    return new ApoException(
        ExitCode.STOPPED, "Stopped on request; run the same command again to go on.");
  }
}
