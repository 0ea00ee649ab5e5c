package dev.apo.worker.storage;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** Passes requests on to a service, but for those that a test wants to go wrong. */
public final class FaultyProxy implements AutoCloseable {
  /** What happens to a request: false to pass it on. */
  public interface Fault {
    boolean strike(HttpExchange exchange) throws IOException;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final OkHttpClient client = new OkHttpClient();
  private final String target;
  private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
  public volatile Fault fault = exchange -> false;

  public FaultyProxy(String target) throws IOException {
    this.target = target;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.setExecutor(threads);
    server.start();
  }

  public String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Method and path of every request so far. */
  public List<String> requests() {
    return List.copyOf(requests);
  }

  /** Strikes the first few requests that match. */
  void failFirst(int times, Predicate<HttpExchange> which, Fault strike) {
    int[] left = {times};
    fault =
        exchange -> {
          synchronized (left) {
            return which.test(exchange) && left[0]-- > 0 && strike.strike(exchange);
          }
        };
  }

  /** Answers with a status and no content. */
  public static Fault status(int status) {
    return exchange -> {
      exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(status, -1);
      exchange.close();
      return true;
    };
  }

  /** Closes the connection without a word. */
  public static Fault hangUp() {
    return exchange -> {
      exchange.close();
      return true;
    };
  }

  /** Answers late. */
  public static Fault delay(Duration by) {
    return exchange -> {
      sleep(by);
      return false;
    };
  }

  /** Takes a request and does not answer it for so long, then closes the connection. */
  public static Fault hang(Duration by) {
    return exchange -> {
      sleep(by);
      exchange.close();
      return true;
    };
  }

  private static void sleep(Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Changes a bit of what is sent to the service. */
  public Fault damageUpload() {
    return exchange -> {
      byte[] content = exchange.getRequestBody().readAllBytes();
      try (Response answer = pass(exchange, damaged(content))) {
        answer(exchange, answer, answer.body().bytes());
      }
      return true;
    };
  }

  /** Changes a bit of what the service sends. */
  public Fault damageDownload() {
    return exchange -> {
      try (Response answer = pass(exchange)) {
        answer(exchange, answer, damaged(answer.body().bytes()));
      }
      return true;
    };
  }

  private static byte[] damaged(byte[] content) {
    if (content.length > 0) {
      content[content.length / 2] ^= 1;
    }
    return content;
  }

  /** Lets the service act, but loses its answer. */
  Fault loseAnswer() {
    return exchange -> {
      // The server begins to answer before it has done all of the work.
      try (Response answer = pass(exchange)) {
        answer.body().bytes();
      }
      exchange.close();
      return true;
    };
  }

  private void handle(HttpExchange exchange) throws IOException {
    requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
    if (!fault.strike(exchange)) {
      forward(exchange);
    }
  }

  private void forward(HttpExchange exchange) throws IOException {
    try (Response answer = pass(exchange)) {
      answer(exchange, answer, answer.body().bytes());
    }
  }

  private static void answer(HttpExchange exchange, Response answer, byte[] body)
      throws IOException {
    long length = body.length == 0 ? -1 : body.length;
    answer.headers().forEach(h -> exchange.getResponseHeaders().add(h.getFirst(), h.getSecond()));
    exchange.getResponseHeaders().remove("Transfer-Encoding");
    exchange.sendResponseHeaders(answer.code(), length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  private Response pass(HttpExchange exchange) throws IOException {
    return pass(exchange, exchange.getRequestBody().readAllBytes());
  }

  private Response pass(HttpExchange exchange, byte[] content) throws IOException {
    String method = exchange.getRequestMethod();
    boolean hasBody = method.equals("PUT") || method.equals("POST");
    Request.Builder request =
        new Request.Builder()
            .url(target + exchange.getRequestURI())
            .method(method, hasBody ? RequestBody.create(content, null) : null);
    // The Host header too: it is part of what the client has signed.
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> values.forEach(value -> request.addHeader(name, value)));
    return client.newCall(request.build()).execute();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
    client.dispatcher().executorService().shutdown();
  }
}
