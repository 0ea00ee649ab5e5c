package dev.apo.operator.progress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.apo.operator.Stage;
import dev.apo.operator.decide.PodProgress;
import dev.apo.operator.decide.PodState;
import dev.apo.operator.drill.Drill;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Workers are addresses of this machine that share a port, as pods do. */
class ProgressPollerTest {
  private static final String GOOD = "127.0.0.2";
  private static final String SILENT = "127.0.0.3";
  private static final String ENDLESS = "127.0.0.4";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Map<String, AtomicInteger> news = new ConcurrentHashMap<>();

  private static PodState pod(String name, String address) {
    return new PodState(
        name,
        Stage.TRAIN,
        1,
        0,
        PodState.Life.RUNNING,
        address,
        null,
        false,
        null,
        null,
        null,
        null,
        null,
        Instant.EPOCH,
        null);
  }

  /** A worker that gets on each time that it is asked. */
  private static HttpServer good(int port) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(GOOD, port), 0);
    AtomicInteger step = new AtomicInteger();
    server.createContext(
        "/progress",
        exchange -> {
          byte[] body =
              "{\"done\": %d, \"total\": 1000}"
                  .formatted(step.incrementAndGet())
                  .getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    return server;
  }

  /** A worker whose answer begins and never ends. */
  private static HttpServer endless(int port) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(ENDLESS, port), 0);
    server.createContext("/progress", exchange -> exchange.sendResponseHeaders(200, 1000));
    server.start();
    return server;
  }

  @Test
  @Tag("drill")
  void workersThatHangDoNotSlowTheOthers() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 1000, InetAddress.getByName(SILENT))) {
      int port = silent.getLocalPort();
      HttpServer good = good(port);
      HttpServer endless = endless(port);
      try (var poller =
          new ProgressPoller<String>(
              Duration.ofMillis(20),
              key -> news.computeIfAbsent(key, k -> new AtomicInteger()).incrementAndGet(),
              port)) {
        poller.follow(
            "silent",
            IntStream.range(0, Drill.TRIES).mapToObj(i -> pod("silent-" + i, SILENT)).toList());
        for (int i = 0; i < Drill.TRIES; i++) {
          poller.follow("endless-" + i, List.of(pod("endless-" + i, ENDLESS)));
        }
        poller.follow("good", List.of(pod("good", GOOD)));
        poller.start();
        await().atMost(PATIENCE).until(() -> news.containsKey("good"));
        // Far more than there is time for if one of them had to be waited for.
        await().atMost(PATIENCE).until(() -> news.get("good").get() > 200);
        assertThat(news).containsOnlyKeys("good");
        Drill.passed("workers that hang", 2 * Drill.TRIES, "no progress of others");
      } finally {
        good.stop(0);
        endless.stop(0);
      }
    }
  }

  /** Whoever serves the address of a pod learns nothing, and sends the operator nowhere. */
  @Test
  void aRedirectIsNotFollowedAndNoCredentialIsSent() throws Exception {
    HttpServer elsewhere = HttpServer.create(new InetSocketAddress(ENDLESS, 0), 0);
    AtomicInteger visits = new AtomicInteger();
    elsewhere.createContext("/", exchange -> visits.incrementAndGet());
    elsewhere.start();
    HttpServer server = HttpServer.create(new InetSocketAddress(GOOD, 0), 0);
    Set<String> headers = ConcurrentHashMap.newKeySet();
    AtomicInteger asked = new AtomicInteger();
    server.createContext(
        "/",
        exchange -> {
          headers.addAll(exchange.getRequestHeaders().keySet());
          exchange
              .getResponseHeaders()
              .add("Location", "http://" + ENDLESS + ":" + elsewhere.getAddress().getPort());
          exchange.getResponseHeaders().add("Set-Cookie", "a=b");
          exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"r\"");
          exchange.sendResponseHeaders(asked.incrementAndGet() % 2 == 0 ? 302 : 401, -1);
          exchange.close();
        });
    server.start();
    try (var poller =
        new ProgressPoller<String>(
            Duration.ofMillis(20), key -> {}, server.getAddress().getPort())) {
      poller.follow("astray", List.of(pod("astray", GOOD)));
      poller.start();
      await().atMost(PATIENCE).until(() -> asked.get() > 10);
      assertThat(visits).hasValue(0);
      assertThat(headers)
          .containsOnly(
              "Connection", "Host", "Http2-settings", "Upgrade", "User-agent", "Content-length");
    } finally {
      server.stop(0);
      elsewhere.stop(0);
    }
  }

  @Test
  void numbersThatNoStatusCanHoldAreLeftOut() {
    PodProgress progress =
        ProgressPoller.parse(
            """
            {"done": -3, "total": 9e300, "etaSeconds": 1e999,
             "figures": {"reward": 1e999, "kl": "NaN", "accuracy": 0.5}}
            """
                .getBytes(StandardCharsets.UTF_8));
    assertThat(progress.done()).isZero();
    assertThat(progress.total()).isEqualTo(1_000_000_000_000L);
    assertThat(progress.etaSeconds()).isEqualTo(1_000_000_000_000L);
    assertThat(progress.figures()).containsExactly(Map.entry("accuracy", 0.5));
  }

  @Test
  void whatAWorkerWaitsForIsOneLineOfBoundedLength() {
    assertThat(parse("{'done': 3, 'total': 9, 'waiting': 'Waits\\n for\\u0007 storage.'}"))
        .isEqualTo(new PodProgress(3, 9, null, Map.of(), "Waits for storage."));
    assertThat(parse("{'done': 3, 'total': 9, 'waiting': '%s'}".formatted("x".repeat(9000))))
        .extracting(progress -> progress.waiting().length())
        .isEqualTo(512);
    assertThat(parse("{'done': 3, 'total': 9, 'waiting': null}").waiting()).isNull();
    assertThat(parse("{'done': 3, 'total': 9, 'waiting': {}}").waiting()).isNull();
  }

  @Test
  void aWorkerMayWaitBeforeItsStageBegins() {
    assertThat(parse("{'waiting': 'For storage.'}"))
        .isEqualTo(new PodProgress(0, 0, null, Map.of(), "For storage."));
    assertThat(parse("{}")).isNull();
  }

  private static PodProgress parse(String json) {
    return ProgressPoller.parse(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void anAnswerThatIsTooLargeIsNone() throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(GOOD, 0), 0);
    AtomicInteger asked = new AtomicInteger();
    server.createContext(
        "/progress",
        exchange -> {
          asked.incrementAndGet();
          exchange.sendResponseHeaders(200, 0);
          try (var body = exchange.getResponseBody()) {
            body.write("{\"done\": 1, \"total\": 2, \"more\": \"".getBytes(StandardCharsets.UTF_8));
            body.write(new byte[100_000]);
          }
        });
    server.start();
    try (var poller =
        new ProgressPoller<String>(
            Duration.ofMillis(20),
            key -> news.computeIfAbsent(key, k -> new AtomicInteger()).incrementAndGet(),
            server.getAddress().getPort())) {
      poller.follow("loud", List.of(pod("loud", GOOD)));
      poller.start();
      await().atMost(PATIENCE).until(() -> asked.get() > 2);
      assertThat(news).isEmpty();
      assertThat(poller.of("loud")).isNull();
    } finally {
      server.stop(0);
    }
  }
}
