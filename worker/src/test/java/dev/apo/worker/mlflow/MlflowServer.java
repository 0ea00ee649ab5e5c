package dev.apo.worker.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * What a tracker needs of MLflow's REST API, with the limits and refusals that the real one has.
 */
public final class MlflowServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A run as the server knows it; metrics are "step=value" by key, in their order. */
  public static final class Run {
    public String name;
    public String experiment;
    public String status = "RUNNING";
    public boolean ended;
    public boolean deleted;
    public final Map<String, String> params = new TreeMap<>();
    public final Map<String, String> tags = new TreeMap<>();
    public final Map<String, List<String>> metrics = new TreeMap<>();
    private final Map<String, Long> lastSteps = new TreeMap<>();
  }

  private static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final int status;
    private final String code;

    Refusal(int status, String code) {
      this.status = status;
      this.code = code;
    }
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  public final Map<String, String> experiments = new LinkedHashMap<>();
  public final Map<String, Run> runs = new LinkedHashMap<>();
  public final List<String> requests = new ArrayList<>();
  public final List<String> authorizations = new ArrayList<>();

  /** Answered to everything, if set. */
  public int failure;

  /**
   * @param port 0 for a free one
   */
  public MlflowServer(int port) {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    experiments.put("Default", "0");
    server.createContext("/", this::handle);
    server.setExecutor(threads);
    server.start();
  }

  public int port() {
    return server.getAddress().getPort();
  }

  public String uri() {
    return "http://127.0.0.1:" + port();
  }

  public Run onlyRun() {
    if (runs.size() != 1) {
      throw new AssertionError("runs: " + runs.keySet());
    }
    return runs.values().iterator().next();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private synchronized void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath().replaceFirst("^/api/2.0/mlflow/", "");
      requests.add(path);
      authorizations.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
      byte[] in = exchange.getRequestBody().readAllBytes();
      try {
        if (failure > 0) {
          throw new Refusal(failure, "INTERNAL_ERROR");
        }
        String method = exchange.getRequestMethod();
        String query = exchange.getRequestURI().getRawQuery();
        send(
            exchange, 200, method.equals("GET") ? get(path, query) : post(path, JSON.readTree(in)));
      } catch (Refusal e) {
        send(exchange, e.status, JSON.createObjectNode().put("error_code", e.code));
      }
    }
  }

  private static void send(HttpExchange exchange, int status, JsonNode body) throws IOException {
    byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private JsonNode get(String path, String query) {
    String value =
        URLDecoder.decode(query.substring(query.indexOf('=') + 1), StandardCharsets.UTF_8);
    ObjectNode answer = JSON.createObjectNode();
    switch (path) {
      case "experiments/get-by-name" -> {
        if (!experiments.containsKey(value)) {
          throw new Refusal(404, "RESOURCE_DOES_NOT_EXIST");
        }
        answer.putObject("experiment").put("experiment_id", experiments.get(value));
      }
      case "runs/get" -> {
        Run run = run(value);
        ObjectNode json = answer.putObject("run");
        json.putObject("info")
            .put("run_id", value)
            .put("status", run.status)
            .put("lifecycle_stage", run.deleted ? "deleted" : "active");
        var metrics = json.putObject("data").putArray("metrics");
        run.lastSteps.forEach((key, step) -> metrics.addObject().put("key", key).put("step", step));
      }
      default -> throw new Refusal(404, "ENDPOINT_NOT_FOUND");
    }
    return answer;
  }

  private JsonNode post(String path, JsonNode body) {
    ObjectNode answer = JSON.createObjectNode();
    switch (path) {
      case "experiments/create" -> {
        String name = body.get("name").asText();
        if (experiments.putIfAbsent(name, "" + experiments.size()) != null) {
          throw new Refusal(400, "RESOURCE_ALREADY_EXISTS");
        }
        answer.put("experiment_id", experiments.get(name));
      }
      case "runs/create" -> {
        var run = new Run();
        run.name = body.get("run_name").asText();
        run.experiment = body.get("experiment_id").asText();
        if (!experiments.containsValue(run.experiment)) {
          throw new Refusal(404, "RESOURCE_DOES_NOT_EXIST");
        }
        body.path("tags")
            .forEach(t -> run.tags.put(t.get("key").asText(), t.get("value").asText()));
        String id = "run-" + runs.size();
        runs.put(id, run);
        answer.putObject("run").putObject("info").put("run_id", id);
      }
      case "runs/log-batch" -> log(run(body.get("run_id").asText()), body);
      case "runs/update" -> {
        Run run = run(body.get("run_id").asText());
        run.status = body.get("status").asText();
        run.ended = body.has("end_time");
      }
      default -> throw new Refusal(404, "ENDPOINT_NOT_FOUND");
    }
    return answer;
  }

  private static void log(Run run, JsonNode body) {
    if (run.deleted || body.path("metrics").size() > 1000 || body.path("params").size() > 100) {
      throw new Refusal(400, "INVALID_PARAMETER_VALUE");
    }
    for (JsonNode p : body.path("params")) {
      String value = p.get("value").asText();
      String before = run.params.putIfAbsent(p.get("key").asText(), value);
      if (value.length() > 500 || before != null && !before.equals(value)) {
        throw new Refusal(400, "INVALID_PARAMETER_VALUE");
      }
    }
    for (JsonNode m : body.path("metrics")) {
      if (!m.get("key").asText().matches("[\\w\\-. /]+")
          || !m.get("timestamp").isIntegralNumber()) {
        throw new Refusal(400, "INVALID_PARAMETER_VALUE");
      }
      run.metrics
          .computeIfAbsent(m.get("key").asText(), key -> new ArrayList<>())
          .add(m.get("step") + "=" + m.get("value"));
      run.lastSteps.merge(m.get("key").asText(), m.get("step").asLong(), Math::max);
    }
  }

  private Run run(String id) {
    Run run = runs.get(id);
    if (run == null) {
      throw new Refusal(404, "RESOURCE_DOES_NOT_EXIST");
    }
    return run;
  }
}
