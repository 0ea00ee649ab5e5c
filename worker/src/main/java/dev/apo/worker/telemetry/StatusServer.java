package dev.apo.worker.telemetry;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Tells over HTTP how the run gets on. It is part of the worker contract:
 *
 * <ul>
 *   <li>{@code GET /progress}: JSON with {@code stage, unit, done, total, percent, elapsedSeconds,
 *       etaSeconds, figures} and {@code time}, the moment of the last progress, none of them before
 *       the first stage; and {@code waiting}, a sentence, while the work stands still;
 *   <li>{@code GET /metrics}: the same and the last step's metrics for Prometheus;
 *   <li>{@code GET /healthz}: 200 while the process lives.
 * </ul>
 *
 * <p>All threads are daemons: the server never keeps the program alive.
 */
public final class StatusServer implements ProgressView, AutoCloseable {
  static {
    // Seconds for a request to arrive: a client that never finishes one must not keep a thread.
    if (System.getProperty("sun.net.httpserver.maxReqTime") == null) {
      System.setProperty("sun.net.httpserver.maxReqTime", "10");
    }
  }

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Map<String, Double> gauges = new ConcurrentHashMap<>();
  private final ExecutorService threads = Executors.newCachedThreadPool(StatusServer::daemon);
  private final HttpServer server;
  private volatile Progress progress;
  private volatile String waiting;

  private StatusServer(HttpServer server) {
    this.server = server;
  }

  /**
   * Serves on all interfaces until closed.
   *
   * @param port 0 takes any free one
   * @throws ApoException if the port is taken
   */
  public static StatusServer start(int port) {
    HttpServer http;
    try {
      http = HttpServer.create(new InetSocketAddress(port), 0);
    } catch (IOException e) {
      throw new ApoException(
          ExitCode.UNAVAILABLE,
          "The status server cannot listen on port " + port + ": " + e.getMessage() + ".",
          e);
    }
    StatusServer status = new StatusServer(http);
    status.start();
    return status;
  }

  /** The port that it listens on. */
  public int port() {
    return server.getAddress().getPort();
  }

  /** Publishes a step's metrics, each under its key with {@code apo_} before it. */
  public void metrics(Map<String, Double> metrics) {
    metrics.forEach((key, value) -> gauge(prometheusName(key), Tags.empty(), value));
  }

  @Override
  public void started(Progress progress) {
    advanced(progress);
  }

  @Override
  public void advanced(Progress progress) {
    this.progress = progress;
    Tags stage = Tags.of("stage", progress.stage());
    gauge("apo_progress_done", stage, progress.done());
    gauge("apo_progress_units", stage, progress.total());
    gauge("apo_progress_timestamp_seconds", stage, progress.time().toEpochMilli() / 1e3);
  }

  @Override
  public void finished(Progress progress) {
    advanced(progress);
  }

  @Override
  public void message(Instant time, String text) {}

  @Override
  public void waiting(String sentence) {
    waiting = sentence;
  }

  @Override
  public void goingOn() {
    waiting = null;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
    registry.close();
  }

  /** A key such as {@code critic/rewards/mean} as Prometheus allows it. */
  static String prometheusName(String key) {
    return "apo_" + key.replaceAll("[^A-Za-z0-9_]", "_");
  }

  private void start() {
    new JvmMemoryMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    server.createContext("/", this::handle);
    server.setExecutor(threads);
    // The server's own thread is a daemon only if the thread that starts it is one.
    Thread starter = daemon(server::start);
    starter.start();
    try {
      starter.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void gauge(String name, Tags tags, double value) {
    String key = name + tags;
    if (gauges.put(key, value) == null) {
      Gauge.builder(name, gauges, all -> all.get(key)).tags(tags).register(registry);
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (!exchange.getRequestMethod().equals("GET")) {
        send(exchange, 405, "text/plain", "only GET\n");
        return;
      }
      switch (exchange.getRequestURI().getPath()) {
        case "/progress" -> send(exchange, 200, "application/json", progressJson());
        case "/metrics" ->
            send(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", registry.scrape());
        case "/healthz" -> send(exchange, 200, "text/plain", "ok\n");
        default -> send(exchange, 404, "text/plain", "there are /progress, /metrics, /healthz\n");
      }
    }
  }

  private String progressJson() {
    Progress now = progress;
    Map<String, Object> body = new LinkedHashMap<>();
    if (now != null) {
      body.putAll(now.json());
      body.put("time", now.time().toString());
    }
    String why = waiting;
    if (why != null) {
      body.put("waiting", why);
    }
    return Json.write(body);
  }

  private static void send(HttpExchange exchange, int status, String type, String body)
      throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "apo-status");
    thread.setDaemon(true);
    return thread;
  }
}
