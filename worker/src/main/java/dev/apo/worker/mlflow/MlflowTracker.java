package dev.apo.worker.mlflow;

import dev.apo.worker.telemetry.Tracker;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * Sends metrics to an MLflow server now and then, on a thread of its own. The training never waits
 * for the server, but for a few seconds at its very end, and never fails because of it: one message
 * says that it cannot be reached, and metrics are kept until it can be.
 */
public final class MlflowTracker implements Tracker {
  private static final Duration PERIOD = Duration.ofSeconds(2);
  private static final Duration PERIOD_IN_TROUBLE = Duration.ofSeconds(30);
  private static final Duration LAST_WORD = Duration.ofSeconds(20);

  /** Metrics that wait for a server; older ones are forgotten. */
  private static final int MAX_PENDING = 200_000;

  /**
   * What a training is tracked as.
   *
   * @param name for people
   * @param params settings, by name
   * @param tags where things are, by name
   */
  public record Subject(String name, Map<String, String> params, Map<String, String> tags) {}

  /** Where the run's id is kept, so that another attempt goes on with it. */
  public interface Memory {
    /** The id of the run on a server; null if there is none. */
    String runId(String server);

    void remember(String server, String runId);
  }

  private final MlflowSettings settings;
  private final MlflowClient client;
  private final Subject subject;
  private final Memory memory;
  private final Consumer<String> messages;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(MlflowTracker::daemon);
  private final List<MlflowRun.Metric> pending = new ArrayList<>();

  // Only the thread knows these.
  private final List<MlflowRun.Metric> outgoing = new ArrayList<>();
  private MlflowRun run;
  private boolean warned;
  private boolean refused;
  private long silentUntil = System.nanoTime();

  private MlflowTracker(
      MlflowSettings settings, Subject subject, Memory memory, Consumer<String> messages) {
    this.settings = settings;
    this.client = new MlflowClient(settings);
    this.subject = subject;
    this.memory = memory;
    this.messages = messages;
  }

  /**
   * Begins to track if the environment names a server.
   *
   * @param env as MLflow's own clients read it
   * @param messages told if something is wrong
   * @return one tracker, or none
   */
  public static List<Tracker> of(
      Map<String, String> env, Subject subject, Memory memory, Consumer<String> messages) {
    try {
      return MlflowSettings.from(env)
          .map(settings -> new MlflowTracker(settings, subject, memory, messages).started())
          .map(List::of)
          .orElse(List.of());
    } catch (IllegalArgumentException e) {
      messages.accept("Nothing is tracked by MLflow: " + e.getMessage() + ".");
      return List.of();
    }
  }

  private Tracker started() {
    long period = PERIOD.toMillis();
    thread.scheduleWithFixedDelay(this::sendUnlessInTrouble, 0, period, TimeUnit.MILLISECONDS);
    return this;
  }

  private static Thread daemon(Runnable work) {
    var thread = new Thread(work, "mlflow");
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public void append(long step, Map<String, Double> metrics) {
    long now = System.currentTimeMillis();
    synchronized (pending) {
      metrics.forEach(
          (key, value) -> {
            if (value != null && Double.isFinite(value)) {
              pending.add(new MlflowRun.Metric(key, value, now, step));
            }
          });
      forgetOldest(pending);
    }
  }

  @Override
  public void end(Ending ending) {
    String status =
        switch (ending) {
          case FINISHED -> "FINISHED";
          case STOPPED -> "KILLED";
          case FAILED -> "FAILED";
        };
    var last =
        thread.submit(
            () -> {
              if (send()) {
                attempt(() -> run.update(status, System.currentTimeMillis()));
              }
            });
    thread.shutdown();
    try {
      last.get(LAST_WORD.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      messages.accept("MLflow at " + settings + " was not told all, for it answers too slowly.");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void sendUnlessInTrouble() {
    if (System.nanoTime() - silentUntil >= 0) {
      send();
    }
  }

  /** Sends all that waits; whether that went well. */
  private boolean send() {
    return attempt(
        () -> {
          if (run == null) {
            begin();
          }
          take();
          while (!outgoing.isEmpty()) {
            int sent = run.metrics(outgoing);
            outgoing.subList(0, sent).clear();
          }
        });
  }

  private void take() {
    synchronized (pending) {
      outgoing.addAll(pending);
      pending.clear();
    }
    forgetOldest(outgoing);
  }

  private static void forgetOldest(List<MlflowRun.Metric> metrics) {
    metrics.subList(0, Math.max(0, metrics.size() - MAX_PENDING)).clear();
  }

  private void begin() throws IOException {
    String server = settings.toString();
    String known = memory.runId(server);
    MlflowRun begun = known == null ? null : MlflowRun.resume(client, known);
    if (begun == null) {
      begun = MlflowRun.create(client, settings, subject.name(), subject.tags());
      memory.remember(server, begun.id());
    }
    begun.params(subject.params());
    run = begun;
  }

  /** Something that needs the server. */
  private interface Call {
    void run() throws IOException;
  }

  private boolean attempt(Call call) {
    if (refused) {
      return false;
    }
    try {
      call.run();
      return true;
    } catch (MlflowClient.Refused e) {
      refused = true;
      warn("refuses to track this run (" + e.getMessage() + "); training goes on without it.");
    } catch (IOException | RuntimeException e) {
      silentUntil = System.nanoTime() + PERIOD_IN_TROUBLE.toNanos();
      warn(
          "cannot be reached ("
              + e.getMessage()
              + "); training goes on, and metrics are sent when it answers.");
    }
    return false;
  }

  private void warn(String what) {
    if (!warned) {
      warned = true;
      messages.accept("MLflow at " + settings + " " + what);
    }
  }
}
