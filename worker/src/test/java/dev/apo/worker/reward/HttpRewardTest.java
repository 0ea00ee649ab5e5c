package dev.apo.worker.reward;

import static dev.apo.worker.reward.Candidates.response;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.storage.Backoff;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpRewardTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What a service does with one request. */
  private interface Service {
    void handle(HttpExchange exchange, JsonNode request) throws Exception;
  }

  private final List<Integer> batches = Collections.synchronizedList(new ArrayList<>());
  private final List<Duration> pauses = Collections.synchronizedList(new ArrayList<>());
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void serve(Service service) {
    server.createContext(
        "/score",
        exchange -> {
          try (exchange) {
            JsonNode request = JSON.readTree(exchange.getRequestBody());
            batches.add(request.get("rows").size());
            service.handle(exchange, request);
          } catch (IOException e) {
            throw e;
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  /** The reward of a row is the number that its response is. */
  private static void score(HttpExchange exchange, JsonNode request) throws IOException {
    List<Double> rewards = new ArrayList<>();
    request.get("rows").forEach(row -> rewards.add(Double.valueOf(row.get("response").asText())));
    answer(exchange, 200, JSON.writeValueAsString(Collections.singletonMap("rewards", rewards)));
  }

  private String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/score";
  }

  private HttpReward reward(int batchSize, int parallelism, Duration timeout, String token) {
    return new HttpReward(
        new HttpReward.Settings(url(), "1", timeout, batchSize, parallelism),
        token,
        new Backoff(3, Duration.ofMillis(500), Duration.ofSeconds(16), pauses::add));
  }

  private HttpReward reward() {
    return reward(32, 4, Duration.ofSeconds(30), null);
  }

  private static List<Candidate> numbers(int count) {
    return IntStream.range(0, count).mapToObj(i -> response(Integer.toString(i), "7")).toList();
  }

  private static double[] upTo(int count) {
    return IntStream.range(0, count).asDoubleStream().toArray();
  }

  private static void assertFails(HttpReward reward, ExitCode code, String... parts) {
    assertThatThrownBy(() -> reward.score(numbers(2)))
        .isInstanceOfSatisfying(
            ApoException.class,
            e -> {
              assertThat(e.exitCode()).as(e.getMessage()).isEqualTo(code);
              assertThat(e).hasMessageContainingAll(parts);
              assertThat(e).hasMessageStartingWith("The reward service http://127.0.0.1:");
              assertThat(e).hasMessageEndingWith(".");
            });
  }

  @Test
  void serviceIsToldPromptResponseAndAnswer() {
    var seen = new ArrayList<JsonNode>();
    serve(
        (exchange, request) -> {
          seen.add(request);
          assertThat(exchange.getRequestHeaders().getFirst("Authorization")).isNull();
          score(exchange, request);
        });

    assertThat(reward().score(List.of(new Candidate("2+2=", "4.5", "4", 2, false))))
        .containsExactly(4.5);
    assertThat(seen)
        .singleElement()
        .hasToString("{\"rows\":[{\"prompt\":\"2+2=\",\"response\":\"4.5\",\"answer\":\"4\"}]}");
  }

  @Test
  void batchesAreScoredSideBySideAndComeBackInOrder() {
    // No request is answered before three are there.
    var barrier = new CyclicBarrier(3);
    serve(
        (exchange, request) -> {
          barrier.await(30, TimeUnit.SECONDS);
          score(exchange, request);
        });

    assertThat(reward(4, 3, Duration.ofSeconds(60), null).score(numbers(12)))
        .containsExactly(upTo(12));
    assertThat(batches).containsExactly(4, 4, 4);
  }

  @Test
  void longResponsesGoInBatchesOfTheirOwn() {
    serve((exchange, request) -> answer(exchange, 200, ones(request.get("rows").size())));
    String large = "1".repeat(600_000);

    assertThat(
            reward(32, 1, Duration.ofSeconds(60), null)
                .score(List.of(response(large, "7"), response(large, "7"), response("1", "7"))))
        .containsExactly(1, 1, 1);
    assertThat(batches).containsExactly(1, 2);
  }

  private static String ones(int count) {
    return "{\"rewards\":" + Collections.nCopies(count, 1) + "}";
  }

  @Test
  void nothingToScoreAsksNobody() {
    assertThat(reward().score(List.of())).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 408, 500, 503})
  void busyServiceIsAskedAgain(int status) {
    var requests = new AtomicInteger();
    serve(
        (exchange, request) -> {
          if (requests.incrementAndGet() <= 2) {
            answer(exchange, status, "busy");
          } else {
            score(exchange, request);
          }
        });

    assertThat(reward().score(numbers(3))).containsExactly(upTo(3));
    assertThat(pauses).hasSize(2);
  }

  @Test
  void serviceThatStaysBusyIsUnavailable() {
    serve((exchange, request) -> answer(exchange, 503, "busy"));

    assertFails(reward(), ExitCode.UNAVAILABLE, "it answers HTTP 503, asked 3 times", "start it");
  }

  @Test
  void serviceThatIsNotThereIsUnavailable() {
    HttpReward reward = reward();
    server.stop(0);

    assertFails(reward, ExitCode.UNAVAILABLE, "does not answer", "asked 3 times");
  }

  @Test
  void serviceThatTakesTooLongIsUnavailable() {
    var end = new CountDownLatch(1);
    serve(
        (exchange, request) -> {
          // The head comes at once, the rest never.
          exchange.sendResponseHeaders(200, 100);
          exchange.getResponseBody().flush();
          end.await();
        });

    assertFails(
        reward(32, 1, Duration.ofMillis(100), null),
        ExitCode.UNAVAILABLE,
        "no answer in time",
        "timeoutSeconds");
    end.countDown();
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 307, 308})
  void redirectsAreNotFollowed(int status) {
    var followed = new AtomicInteger();
    server.createContext("/elsewhere", exchange -> followed.incrementAndGet());
    serve(
        (exchange, request) -> {
          exchange.getResponseHeaders().set("Location", "/elsewhere");
          answer(exchange, status, "");
        });

    assertFails(
        reward(32, 1, Duration.ofSeconds(30), "s3cret"),
        ExitCode.BAD_MANIFEST,
        "redirects (HTTP " + status + ")",
        "spec.reward.http.url");
    assertThat(followed).hasValue(0);
  }

  @Test
  void tokenIsSentAndNeverShown() {
    serve(
        (exchange, request) -> {
          assertThat(exchange.getRequestHeaders().getFirst("Authorization"))
              .isEqualTo("Bearer s3cret");
          answer(exchange, 403, "");
        });

    assertThatThrownBy(() -> reward(32, 1, Duration.ofSeconds(30), "s3cret\n").score(numbers(1)))
        .isInstanceOfSatisfying(
            ApoException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.DENIED))
        .hasMessageContaining("APO_REWARD_TOKEN")
        .hasMessageNotContaining("s3cret");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          401 | ''                        | DENIED       | check its token
          404 | ''                        | NOT_FOUND    | check its path
          422 | 'no "prompt" in row 0'    | BAD_DATA     | refuses the request with HTTP 422: no "prompt" in row 0; see docs/guide.md
          400 | ''                        | BAD_DATA     | refuses the request with HTTP 400: nothing
          501 | ''                        | BAD_DATA     | refuses the request with HTTP 501
          200 | ''                        | BAD_DATA     | answers nothing; expected {"rewards": [1.0, …]}
          200 | 'fine'                    | BAD_DATA     | answers fine; expected
          200 | '{"reward": [1, 2]}'      | BAD_DATA     | answers {"reward": [1, 2]}; expected
          200 | '{"rewards": [1]}'        | BAD_DATA     | answers 1 rewards for 2 rows
          200 | '{"rewards": [1, "2"]}'   | BAD_DATA     | answers the reward "2"; each must be a finite number
          200 | '{"rewards": [1, 1e999]}' | BAD_DATA     | each must be a finite number
          200 | '{"rewards": [1, NaN]}'   | BAD_DATA     | expected
          200 | '{"rewards": [1, null]}'  | BAD_DATA     | answers the reward null
          """)
  void wrongAnswersAreToldApartAndNotRepeated(
      int status, String body, ExitCode code, String sentence) {
    serve((exchange, request) -> answer(exchange, status, body));

    assertFails(reward(), code, sentence);
    assertThat(pauses).isEmpty();
  }

  @Test
  void aTokenThatNoHeaderCanHoldIsRefusedAndNotShown() {
    assertThatThrownBy(() -> reward(1, 1, Duration.ofSeconds(30), "s3cret\r\nX: y"))
        .isInstanceOfSatisfying(
            ApoException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.DENIED))
        .hasMessageContaining("APO_REWARD_TOKEN")
        .hasMessageNotContaining("s3cret");
  }

  @Test
  void anAddressThatIsNoneIsRefused() {
    var settings = new HttpReward.Settings("http://a:99999/", "1", Duration.ofSeconds(1), 1, 1);
    assertThatThrownBy(() -> new HttpReward(settings, null, Backoff.ofAttempts(1)))
        .isInstanceOfSatisfying(
            ApoException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_MANIFEST))
        .hasMessageContaining("http://a:99999/ is no address");
  }

  @Test
  void endlessAnswersAreNotRead() {
    serve(
        (exchange, request) -> {
          exchange.sendResponseHeaders(200, 0);
          byte[] spaces = " ".repeat(1 << 16).getBytes(StandardCharsets.UTF_8);
          try {
            while (true) {
              exchange.getResponseBody().write(spaces);
            }
          } catch (IOException e) {
            // The other side has had enough.
          }
        });

    assertFails(reward(), ExitCode.BAD_DATA, "answers more than 1 MiB");
  }

  @Test
  void serviceIsTriedBeforeAnythingIsSampled() {
    serve((exchange, request) -> answer(exchange, 404, ""));

    assertThatThrownBy(() -> reward().checkService(response("7", "7")))
        .isInstanceOf(ApoException.class);
  }
}
