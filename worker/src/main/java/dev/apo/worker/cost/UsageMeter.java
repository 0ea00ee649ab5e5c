package dev.apo.worker.cost;

import dev.apo.api.v1alpha1.PriceSpec;
import dev.apo.worker.storage.Storage;
import java.io.IOException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notes what a stage uses, on top of what earlier attempts have used: at its end and once a minute
 * before, so that a kill loses little. Trouble with it never stops the stage, which has its own
 * word on a storage that does not work.
 */
public final class UsageMeter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(UsageMeter.class);
  private static final long PERIOD_SECONDS = 60;

  private final Storage storage;
  private final String key;
  private final Machine machine;
  private final PriceSpec price;
  private final long began;
  private final Usage before;
  private final ScheduledExecutorService clock;

  /**
   * Starts to note.
   *
   * @param key of the stage's record
   * @param price null for none
   * @param began {@link System#nanoTime} when the stage began
   */
  public UsageMeter(Storage storage, String key, Machine machine, PriceSpec price, long began) {
    this.storage = storage;
    this.key = key;
    this.machine = machine;
    this.price = price;
    this.began = began;
    this.before = storage.stat(key).isPresent() ? Cost.read(storage.read(key)) : Usage.NONE;
    this.clock = Executors.newSingleThreadScheduledExecutor(UsageMeter::daemon);
    clock.scheduleAtFixedRate(this::note, PERIOD_SECONDS, PERIOD_SECONDS, TimeUnit.SECONDS);
  }

  private static Thread daemon(Runnable work) {
    var thread = new Thread(work, "usage");
    thread.setDaemon(true);
    return thread;
  }

  private synchronized void note() {
    try {
      Usage now = before.plus((System.nanoTime() - began) / 1e9, machine, price);
      storage.write(key, Cost.JSON.writeValueAsBytes(now));
    } catch (IOException | RuntimeException e) {
      LOG.info("cannot note what the stage uses in {}: {}", storage.uri(key), e.getMessage());
    }
  }

  @Override
  public void close() {
    clock.shutdown();
    note();
  }
}
