package dev.apo.worker;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Gives a stage the time to save its work when the process is asked to stop (SIGTERM, Ctrl-C): the
 * stage looks at {@link #requested()} between two pieces of work, saves and returns; only then does
 * the process end.
 */
public final class StopSignal implements AutoCloseable {
  /**
   * Less than the 30 s that Kubernetes waits by default would be too short for a large checkpoint;
   * the pod sets its own.
   */
  private static final long PATIENCE_SECONDS = 600;

  private final CountDownLatch finished = new CountDownLatch(1);
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
    try {
      finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whether the work should be saved and ended now. */
  public boolean requested() {
    return requested;
  }

  /** Ends the wait. */
  @Override
  public void close() {
    finished.countDown();
    if (!requested) {
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }

  /**
   * @throws ApoException STOPPED once a stop was requested
   */
  public void check() {
    if (requested) {
      throw new ApoException(
          ExitCode.STOPPED, "Stopped on request; run the same command again to go on.");
    }
  }
}
