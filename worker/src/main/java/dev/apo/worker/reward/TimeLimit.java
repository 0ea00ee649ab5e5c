package dev.apo.worker.reward;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Gives up work that takes too long. */
final class TimeLimit {
  /** Work that does not hear an interrupt keeps its thread, which does not keep the program. */
  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(
          work -> {
            var thread = new Thread(work, "time-limit");
            thread.setDaemon(true);
            return thread;
          });

  private TimeLimit() {}

  /** The result, or empty if it was not there in time; the work is then interrupted. */
  static <T> Optional<T> within(Duration limit, Callable<T> work) {
    Future<T> future = THREADS.submit(work);
    try {
      return Optional.of(future.get(limit.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } finally {
      future.cancel(true);
    }
  }
}
