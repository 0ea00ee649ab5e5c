package dev.apo.worker.hub;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.apo.worker.storage.Sha256;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A small hub: the branch main of some repositories, and every commit that it ever was at. Files of
 * more than 1000 bytes lie on another host, to which it redirects.
 */
public final class HubServer implements AutoCloseable {
  /** A request for a file's bytes, or for what a repository holds. */
  public record Call(String path, String range, String token) {}

  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, Map<String, byte[]>> commits = new ConcurrentHashMap<>();
  private final Map<String, String> branches = new ConcurrentHashMap<>();
  private final List<Call> calls = new CopyOnWriteArrayList<>();

  /** What to answer to the next requests instead. */
  final List<Integer> statuses = new CopyOnWriteArrayList<>();

  volatile String token;
  volatile boolean knowsRanges = true;
  volatile int bytesInOneAnswer = Integer.MAX_VALUE;

  public HubServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/api/", exchange -> answer(exchange, this::describe));
    server.createContext("/", exchange -> answer(exchange, this::resolve));
    server.createContext("/elsewhere/", exchange -> answer(exchange, this::bytes));
    server.start();
  }

  public String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /**
   * Moves a repository's main branch.
   *
   * @param repository such as {@code models/owner/name}
   * @param commit one hexadecimal digit, of which the commit's hash is made
   */
  public void push(String repository, char commit, Map<String, byte[]> files) {
    String hash = String.valueOf(commit).repeat(40);
    commits.put(repository + "@" + hash, new TreeMap<>(files));
    branches.put(repository, hash);
  }

  /** Requests, in order, but for those that were answered with a redirect. */
  public List<Call> calls() {
    return calls;
  }

  private interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  private void answer(HttpExchange exchange, Answer answer) throws IOException {
    try (exchange) {
      if (!statuses.isEmpty()) {
        send(exchange, statuses.remove(0), "");
      } else if (token != null
          && !exchange.getRequestURI().getPath().startsWith("/elsewhere/")
          && !("Bearer " + token).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
        send(exchange, 401, "");
      } else {
        answer.to(exchange);
      }
    } catch (IOException e) {
      // The answer was cut off, as it was meant to be.
    }
  }

  private void note(HttpExchange exchange) {
    calls.add(
        new Call(
            exchange.getRequestURI().getPath(),
            exchange.getRequestHeaders().getFirst("Range"),
            exchange.getRequestHeaders().getFirst("Authorization")));
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private void describe(HttpExchange exchange) throws IOException {
    note(exchange);
    String[] path = exchange.getRequestURI().getPath().substring("/api/".length()).split("/");
    String repository = String.join("/", Arrays.copyOf(path, 3));
    String hash = path[4].equals("main") ? branches.get(repository) : path[4];
    Map<String, byte[]> files = commits.get(repository + "@" + hash);
    if (files == null) {
      exchange.getResponseHeaders().add("X-Error-Code", "RevisionNotFound");
      send(exchange, 404, "");
      return;
    }
    var siblings =
        files.entrySet().stream()
            .map(
                file -> {
                  var sibling = new TreeMap<String, Object>();
                  sibling.put("rfilename", file.getKey());
                  sibling.put("size", file.getValue().length);
                  if (isLarge(file.getValue())) {
                    sibling.put(
                        "lfs",
                        Map.of(
                            "sha256", Sha256.of(file.getValue()), "size", file.getValue().length));
                  }
                  return sibling;
                })
            .toList();
    send(exchange, 200, JSON.writeValueAsString(Map.of("sha", hash, "siblings", siblings)));
  }

  private static boolean isLarge(byte[] content) {
    return content.length > 1000;
  }

  private void resolve(HttpExchange exchange) throws IOException {
    byte[] content = content(exchange.getRequestURI().getPath().substring(1));
    if (content != null && isLarge(content)) {
      String there =
          "http://localhost:"
              + server.getAddress().getPort()
              + "/elsewhere"
              + exchange.getRequestURI().getPath();
      exchange.getResponseHeaders().add("Location", there);
      send(exchange, 302, "");
    } else {
      bytes(exchange);
    }
  }

  /** The content behind {@code [datasets/]owner/name/resolve/commit/file}. */
  private byte[] content(String path) {
    boolean dataset = path.startsWith("datasets/");
    String[] parts = (dataset ? path : "models/" + path).split("/", 6);
    String repository = String.join("/", Arrays.copyOf(parts, 3));
    return commits.getOrDefault(repository + "@" + parts[4], Map.of()).get(parts[5]);
  }

  private void bytes(HttpExchange exchange) throws IOException {
    note(exchange);
    byte[] content =
        content(exchange.getRequestURI().getPath().replaceFirst("^/(elsewhere/)?", ""));
    String range = exchange.getRequestHeaders().getFirst("Range");
    int from = range == null || !knowsRanges ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
    if (from > 0) {
      exchange
          .getResponseHeaders()
          .add(
              "Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
    }
    exchange.sendResponseHeaders(from > 0 ? 206 : 200, content.length - from);
    exchange
        .getResponseBody()
        .write(content, from, Math.min(bytesInOneAnswer, content.length - from));
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
