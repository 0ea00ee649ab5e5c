package dev.apo.operator.progress;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.operator.Sentence;
import dev.apo.operator.decide.PodProgress;
import dev.apo.operator.decide.PodState;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Asks running workers how far they are, and waits for none of them: one that does not answer
 * delays no other run, and of its own only the pods behind it. Only what changed wakes a resource
 * up.
 *
 * @param <K> what identifies a resource
 */
public final class ProgressPoller<K> implements AutoCloseable {
  /** The worker contract's. */
  private static final int PORT = 8080;

  private static final int MAX_BYTES = 64 * 1024;
  private static final long MAX_COUNT = 1_000_000_000_000L;

  /** How many pods of a resource are asked at the same time. */
  private static final int AT_ONCE = 16;

  /** What of a sentence is kept. */
  private static final int MAX_SENTENCE = 512;

  private static final Duration PATIENCE = Duration.ofSeconds(3);
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final Map<K, List<Target>> targets = new ConcurrentHashMap<>();
  private final Map<String, PodProgress> answers = new ConcurrentHashMap<>();
  private final Set<K> asking = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "progress-clock"));
  private final HttpClient http =
      HttpClient.newBuilder()
          .connectTimeout(PATIENCE)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();
  private final Duration interval;
  private final Consumer<K> changed;
  private final int port;

  /** A pod to ask. */
  private record Target(String pod, String address) {}

  /**
   * @param interval between two questions to the same worker
   * @param changed told which resource got on
   */
  public ProgressPoller(Duration interval, Consumer<K> changed) {
    this(interval, changed, PORT);
  }

  ProgressPoller(Duration interval, Consumer<K> changed, int port) {
    this.interval = interval;
    this.changed = changed;
    this.port = port;
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

  /** Asks the pods of every resource that has answered, or been silent, since the last round. */
  private void round() {
    targets.forEach(
        (key, pods) -> {
          if (asking.add(key)) {
            Queue<Target> left = new ConcurrentLinkedQueue<>(pods);
            CompletableFuture.allOf(
                    Stream.generate(() -> askAll(key, left))
                        .limit(Math.min(AT_ONCE, pods.size()))
                        .toArray(CompletableFuture<?>[]::new))
                .whenComplete((done, trouble) -> asking.remove(key));
          }
        });
  }

  /** Asks one pod after the other until none is left. */
  private CompletableFuture<Void> askAll(K key, Queue<Target> left) {
    Target target = left.poll();
    if (target == null) {
      return CompletableFuture.completedFuture(null);
    }
    return ask(target)
        .thenComposeAsync(
            answer -> {
              List<Target> now = targets.get(key);
              if (answer != null
                  && now != null
                  && now.contains(target)
                  && !answer.equals(answers.put(target.pod(), answer))) {
                changed.accept(key);
              }
              return askAll(key, left);
            });
  }

  /** Null if it does not answer: it starts, ends, or is busy, and the next round asks again. */
  private CompletableFuture<PodProgress> ask(Target target) {
    String host = target.address().contains(":") ? "[" + target.address() + "]" : target.address();
    try {
      CompletableFuture<HttpResponse<byte[]>> response =
          http.sendAsync(
              HttpRequest.newBuilder(URI.create("http://" + host + ":" + port + "/progress"))
                  .build(),
              head -> new BoundedBody(MAX_BYTES));
      // The client's own patience ends with the head of the response.
      return response
          .copy()
          .orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
          .handle(
              (answer, trouble) -> {
                response.cancel(true);
                return trouble != null || answer.statusCode() != HttpURLConnection.HTTP_OK
                    ? null
                    : parse(answer.body());
              });
    } catch (IllegalArgumentException e) {
      return CompletableFuture.completedFuture(null);
    }
  }

  /** Null if it is not what the contract says, or if no stage has begun and nothing is told. */
  static PodProgress parse(byte[] body) {
    try {
      JsonNode json = MAPPER.readTree(body);
      if (json == null) {
        return null;
      }
      String waiting = sentence(json.path("waiting"));
      if (!json.path("done").isNumber() || !json.path("total").isNumber()) {
        return waiting == null ? null : new PodProgress(0, 0, null, Map.of(), waiting);
      }
      Map<String, Double> figures = new HashMap<>();
      json.path("figures")
          .properties()
          .forEach(
              figure -> {
                double value = figure.getValue().asDouble(Double.NaN);
                if (Double.isFinite(value) && figures.size() < 64) {
                  figures.put(figure.getKey(), value);
                }
              });
      return new PodProgress(
          count(json.path("done")),
          count(json.path("total")),
          json.path("etaSeconds").isNumber() ? count(json.path("etaSeconds")) : null,
          figures,
          waiting);
    } catch (IOException e) {
      return null;
    }
  }

  /** No sum of such numbers is more than a status can hold. */
  private static long count(JsonNode number) {
    return Math.max(0, Math.min(MAX_COUNT, number.asLong()));
  }

  /** One line; null if there is none. */
  private static String sentence(JsonNode text) {
    String line = text.asText().replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
    boolean told = text.isTextual() && !line.isEmpty();
    return told ? Sentence.cut(line, MAX_SENTENCE) : null;
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}
