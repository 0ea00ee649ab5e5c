package dev.apo.operator.progress;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.operator.decide.PodProgress;
import dev.apo.operator.decide.PodState;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Asks running workers how far they are, off the threads that reconcile: a worker that does not
 * answer delays nobody. Only what changed wakes a resource up.
 *
 * @param <K> what identifies a resource
 */
public final class ProgressPoller<K> implements AutoCloseable {
  private static final int PORT = 8080;
  private static final int MAX_BYTES = 64 * 1024;
  private static final int THREADS = 8;
  private static final Duration PATIENCE = Duration.ofSeconds(3);
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Map<K, List<Target>> targets = new ConcurrentHashMap<>();
  private final Map<String, PodProgress> answers = new ConcurrentHashMap<>();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "progress-clock"));
  private final ExecutorService askers =
      Executors.newFixedThreadPool(THREADS, task -> daemon(task, "progress"));
  private final HttpClient http =
      HttpClient.newBuilder()
          .connectTimeout(PATIENCE)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();
  private final Duration interval;
  private final Consumer<K> changed;

  /** A pod to ask. */
  private record Target(String pod, String address) {}

  /**
   * @param interval between two questions to the same worker
   * @param changed told which resource got on
   */
  public ProgressPoller(Duration interval, Consumer<K> changed) {
    this.interval = interval;
    this.changed = changed;
  }

  public void start() {
    clock.scheduleWithFixedDelay(
        this::round, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** What the pod of that name last said; null if nothing. */
  public PodProgress of(String pod) {
    return answers.get(pod);
  }

  /** From now on asks these pods of a resource, and no others. */
  public void follow(K key, List<PodState> pods) {
    List<Target> now =
        pods.stream()
            .filter(pod -> pod.life() == PodState.Life.RUNNING && pod.address() != null)
            .map(pod -> new Target(pod.name(), pod.address()))
            .toList();
    List<Target> before = now.isEmpty() ? targets.remove(key) : targets.put(key, now);
    if (before != null) {
      before.stream().filter(old -> !now.contains(old)).forEach(old -> answers.remove(old.pod()));
    }
  }

  private void round() {
    new HashMap<>(targets).forEach((key, pods) -> askers.execute(() -> ask(key, pods)));
  }

  private void ask(K key, List<Target> pods) {
    boolean news = false;
    for (Target target : new ArrayList<>(pods)) {
      PodProgress answer = ask(target);
      if (answer != null && targets.containsKey(key)) {
        news |= !answer.equals(answers.put(target.pod(), answer));
      }
    }
    if (news) {
      changed.accept(key);
    }
  }

  private PodProgress ask(Target target) {
    try {
      String host =
          target.address().contains(":") ? "[" + target.address() + "]" : target.address();
      var request =
          HttpRequest.newBuilder(URI.create("http://" + host + ":" + PORT + "/progress"))
              .timeout(PATIENCE)
              .build();
      var response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        return response.statusCode() == 200 ? parse(body.readNBytes(MAX_BYTES)) : null;
      }
    } catch (IOException | IllegalArgumentException e) {
      return null; // It starts, ends, or is busy: the next round asks again.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  /** Null if it is not what the contract says, or if no stage has begun. */
  static PodProgress parse(byte[] body) {
    try {
      JsonNode json = MAPPER.readTree(body);
      if (json == null || !json.path("done").isNumber() || !json.path("total").isNumber()) {
        return null;
      }
      Map<String, Double> figures = new HashMap<>();
      json.path("figures")
          .properties()
          .forEach(
              figure -> {
                if (figure.getValue().isNumber() && figures.size() < 64) {
                  figures.put(figure.getKey(), figure.getValue().asDouble());
                }
              });
      return new PodProgress(
          Math.max(0, json.path("done").asLong()),
          Math.max(0, json.path("total").asLong()),
          json.path("etaSeconds").isNumber() ? Math.max(0, json.path("etaSeconds").asLong()) : null,
          figures);
    } catch (IOException e) {
      return null;
    }
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public void close() {
    clock.shutdownNow();
    askers.shutdownNow();
  }
}
