package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.apo.worker.ExitCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs whose responses a service scores. */
@Tag("slow")
class RewardServiceTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Set<Integer> batchSizes = ConcurrentHashMap.newKeySet();
  private HttpServer server;
  @TempDir Path one;
  @TempDir Path other;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/digits",
        exchange -> {
          try (exchange) {
            JsonNode rows = JSON.readTree(exchange.getRequestBody()).get("rows");
            batchSizes.add(rows.size());
            byte[] answer = JSON.writeValueAsBytes(Map.of("rewards", rewards(rows)));
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
          }
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    threads.shutdownNow();
  }

  /** The part of the answer's digits that the response has in their places. */
  private static List<Double> rewards(JsonNode rows) {
    List<Double> rewards = new ArrayList<>();
    for (JsonNode row : rows) {
      String answer = row.get("answer").asText();
      String response = row.get("response").asText();
      double right = 0;
      for (int i = 0; i < Math.min(answer.length(), response.length()); i++) {
        right += answer.charAt(i) == response.charAt(i) ? 1 : 0;
      }
      rewards.add(right / answer.length());
    }
    return rewards;
  }

  private Workplace workplace(Path directory, String path, int batchSize, int parallelism) {
    return new Workplace(directory)
        .set("reward.type", "Http")
        .set("reward.http.url", "http://127.0.0.1:" + server.getAddress().getPort() + path)
        .set("reward.http.batchSize", batchSize)
        .set("reward.http.parallelism", parallelism);
  }

  @Test
  void batchesAndParallelismDoNotChangeTheResult() {
    Workplace slow = workplace(one, "/digits", 1, 1);
    slow.apo("run").succeeds();
    assertThat(batchSizes).containsExactly(1);
    Workplace fast = workplace(other, "/digits", 3, 8);
    fast.apo("run").succeeds();

    assertThat(batchSizes).contains(3);
    assertThat(fast.table()).isEqualTo(slow.table());
    assertThat(fast.results()).isEqualTo(slow.results());
    assertThat(slow.metrics())
        .anyMatch(step -> step.path("critic/rewards/mean").asDouble() % 0.125 != 0);
  }

  @Test
  void furtherTermsShapeTrainingAndNotAccuracy() {
    Workplace workplace =
        workplace(one, "/digits", 8, 2)
            .set("train.steps", 1)
            .set("train.learningRate", 1e-9)
            .set("reward.format", List.of(Map.of("pattern", "^[0-9]", "bonus", -100)));
    workplace.apo("run").succeeds();

    assertThat(workplace.metrics().get(1).path("critic/rewards/mean").asDouble()).isNegative();
    JsonNode evaluations =
        Workplace.parse(Workplace.read(workplace.run("result.json"))).at("/state/evaluations");
    assertThat(evaluations).isNotEmpty();
    evaluations.forEach(e -> assertThat(e.get("accuracy").asDouble()).isBetween(0.0, 1.0));
  }

  @Test
  void aServiceThatIsNotThereFailsBeforeAnythingIsSampled() {
    Workplace workplace = workplace(one, "/elsewhere", 8, 2);

    assertThat(workplace.apo("run").endsWith(ExitCode.NOT_FOUND.value()).err())
        .contains("The reward service http://127.0.0.1:", "is not there (HTTP 404)");
    assertThat(workplace.blocks()).isEmpty();
  }
}
