package dev.apo.worker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.ApoException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StatusServerTest {
  private final StatusServer server = StatusServer.start(0);
  private final FakeClock clock = new FakeClock();
  private final ProgressTracker tracker = new ProgressTracker(clock, List.of(server));

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void progressIsEmptyBeforeTheFirstStage() throws Exception {
    assertThat(get("/progress").body()).isEqualTo("{}");
  }

  @Test
  void progressIsThatOfTheLastEvent() throws Exception {
    tracker.stageStarted("train", 725, "steps");
    clock.pass(Duration.ofSeconds(100));
    tracker.advanced(145, Map.of("reward", 0.71));

    HttpResponse<String> response = get("/progress");
    assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
    JsonNode progress = new ObjectMapper().readTree(response.body());
    assertThat(progress.get("stage").asText()).isEqualTo("train");
    assertThat(progress.get("unit").asText()).isEqualTo("steps");
    assertThat(progress.get("done").asLong()).isEqualTo(145);
    assertThat(progress.get("total").asLong()).isEqualTo(725);
    assertThat(progress.get("percent").asDouble()).isEqualTo(20);
    assertThat(progress.get("elapsedSeconds").asLong()).isEqualTo(100);
    assertThat(progress.get("etaSeconds").asLong()).isEqualTo(400);
    assertThat(progress.get("figures").get("reward").asDouble()).isEqualTo(0.71);
    assertThat(progress.get("time").asText()).isEqualTo("2026-01-01T00:01:40Z");
  }

  @Test
  void progressOfAStageStandsStillWhileItEvaluates() throws Exception {
    tracker.stageStarted("train", 725, "steps", 5);
    tracker.partStarted("evaluate", 1319, "responses");
    tracker.partAdvanced(400);

    JsonNode progress = new ObjectMapper().readTree(get("/progress").body());
    assertThat(progress.get("stage").asText()).isEqualTo("train");
    assertThat(progress.get("done").asLong()).isEqualTo(5);
    assertThat(progress.at("/part/stage").asText()).isEqualTo("evaluate");
    assertThat(progress.at("/part/done").asLong()).isEqualTo(400);
    assertThat(progress.at("/part/total").asLong()).isEqualTo(1319);
  }

  @Test
  void whatTheWorkWaitsForIsToldUntilItGoesOn() throws Exception {
    tracker.waiting("Waiting for storage since noon.");
    assertThat(get("/progress").body())
        .isEqualTo("{\"waiting\":\"Waiting for storage since noon.\"}");

    tracker.stageStarted("train", 725, "steps", 5);
    JsonNode progress = new ObjectMapper().readTree(get("/progress").body());
    assertThat(progress.get("waiting").asText()).isEqualTo("Waiting for storage since noon.");
    assertThat(progress.get("done").asLong()).isEqualTo(5);

    tracker.goingOn("Storage answers again.");
    assertThat(new ObjectMapper().readTree(get("/progress").body()).has("waiting")).isFalse();
  }

  @Test
  void metricsAreThoseOfTheLastStep() throws Exception {
    tracker.stageStarted("train", 725, "steps", 5);
    server.metrics(Map.of("critic/rewards/mean", 0.25, "response_length/mean", 300.0));
    server.metrics(Map.of("critic/rewards/mean", 0.5));

    HttpResponse<String> response = get("/metrics");
    assertThat(response.headers().firstValue("Content-Type").get()).startsWith("text/plain");
    assertThat(response.body())
        .contains("# TYPE apo_critic_rewards_mean gauge\napo_critic_rewards_mean 0.5\n")
        .contains("apo_response_length_mean 300.0\n")
        .contains("apo_progress_done{stage=\"train\"} 5.0\n")
        .contains("apo_progress_units{stage=\"train\"} 725.0\n")
        .contains("jvm_memory_used_bytes");
  }

  @Test
  void everyVerlKeyIsAPrometheusName() {
    assertThat(StatusServer.prometheusName("val/test_correctness_score/lighteval/MATH-500 é"))
        .matches("apo_[A-Za-z0-9_]+")
        .isEqualTo("apo_val_test_correctness_score_lighteval_MATH_500__");
  }

  @Test
  void isHealthyWhileItLives() throws Exception {
    HttpResponse<String> response = get("/healthz");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("ok\n");
  }

  @Test
  void staysHealthyWhileClientsStall() throws Exception {
    List<Socket> stalled = new ArrayList<>();
    try {
      for (int i = 0; i < 16; i++) {
        Socket socket = new Socket("localhost", server.port());
        stalled.add(socket);
        socket.getOutputStream().write("GET /progress HT".getBytes(StandardCharsets.US_ASCII));
      }
      assertThat(get("/healthz").statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : stalled) {
        socket.close();
      }
    }
  }

  @Test
  void knowsNoOtherPathAndNoOtherMethod() throws Exception {
    assertThat(get("/").statusCode()).isEqualTo(404);
    assertThat(get("/progress/x").statusCode()).isEqualTo(404);
    HttpRequest post = request("/progress").POST(BodyPublishers.ofString("x")).build();
    assertThat(send(post).statusCode()).isEqualTo(405);
  }

  @Test
  void saysThatItsPortIsTaken() {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> StatusServer.start(server.port()))
        .withMessageContaining("port " + server.port());
  }

  @Test
  void keepsNoThreadAndNoPortOnceClosed() {
    server.close();
    assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> get("/healthz"));
  }

  @Test
  void itsThreadsDoNotKeepTheProgramAlive() throws Exception {
    get("/healthz");
    assertThat(Thread.getAllStackTraces().keySet())
        .filteredOn(
            t -> t.getName().startsWith("apo-status") || t.getName().startsWith("HTTP-Disp"))
        .isNotEmpty()
        .allMatch(Thread::isDaemon);
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(request(path).build());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + path))
        .timeout(Duration.ofSeconds(5));
  }

  private static HttpResponse<String> send(HttpRequest request)
      throws IOException, InterruptedException {
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
  }
}
