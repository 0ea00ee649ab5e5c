package dev.apo.operator.drill;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.internal.SSLUtils;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import javax.net.SocketFactory;

/**
 * Stands between the operator and the API server, and does to each request what a test says. It
 * takes one request a connection, in plain HTTP, and passes watches on as they are, WebSockets too.
 */
public final class FaultProxy implements AutoCloseable {
  /** What happens to a request. */
  enum Fault {
    NONE,
    /** Refused by status code, without being passed on. */
    CONFLICT,
    TOO_MANY_REQUESTS,
    SERVER_ERROR,
    UNAVAILABLE,
    /** The connection is cut before the request is passed on. */
    CUT,
    /** The request is done, and the connection cut instead of an answer. */
    CUT_AFTERWARDS,
    /** The request is done, and its answer never comes. */
    NO_ANSWER,
    /** It asks for a version that the API server has long forgotten: 410. */
    EXPIRED;

    private int code() {
      return switch (this) {
        case CONFLICT -> 409;
        case TOO_MANY_REQUESTS -> 429;
        case SERVER_ERROR -> 500;
        case UNAVAILABLE -> 503;
        default -> 0;
      };
    }
  }

  /** A request as it came. */
  record Request(Instant time, String method, String path) {
    boolean isWatch() {
      return path.contains("watch=true");
    }

    boolean isStatusWrite() {
      return method.equals("PATCH") && path.contains("/apotrainings/") && path.contains("/status");
    }

    boolean isJobCreation() {
      return method.equals("POST") && path.contains("/jobs");
    }

    /** The name of the resource whose status it writes. */
    String training() {
      return path.replaceAll(".*/apotrainings/([^/?]+).*", "$1");
    }
  }

  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "fault-proxy");
            thread.setDaemon(true);
            return thread;
          });
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final Set<Socket> watches = ConcurrentHashMap.newKeySet();
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final ServerSocket server;
  private final SocketFactory upstream;
  private volatile URI api;
  private volatile Function<Request, Fault> faults = request -> Fault.NONE;

  /**
   * @param config how to reach the API server
   */
  FaultProxy(Config config) {
    try {
      upstream = SSLUtils.sslContext(config).getSocketFactory();
      api = URI.create(config.getMasterUrl());
      server = new ServerSocket(0, 1000, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
    threads.execute(this::accept);
  }

  String url() {
    return "http://127.0.0.1:" + server.getLocalPort();
  }

  /** From now on does this to requests; a rule that waits holds them up. */
  void faults(Function<Request, Fault> rule) {
    faults = rule;
  }

  void noFaults() {
    faults(request -> Fault.NONE);
  }

  /** From now on passes requests on to another API server, and cuts what is open. */
  void passOnTo(URI other) {
    api = other;
    open.forEach(FaultProxy::cut);
  }

  /** Cuts every watch that is open. */
  void cutWatches() {
    watches.forEach(FaultProxy::cut);
  }

  /** All requests since then. */
  List<Request> since(Instant time) {
    return requests.stream().filter(request -> !request.time().isBefore(time)).toList();
  }

  private void accept() {
    try {
      while (!server.isClosed()) {
        Socket client = server.accept();
        open.add(client);
        threads.execute(() -> serve(client));
      }
    } catch (IOException e) {
      // It is closed.
      return;
    }
  }

  private void serve(Socket client) {
    try (client) {
      byte[] head = head(client.getInputStream());
      if (head.length > 0) {
        serve(client, new String(head, StandardCharsets.ISO_8859_1));
      }
    } catch (IOException e) {
      // One of the two has gone; the other is told by the end of its connection.
      return;
    } finally {
      open.remove(client);
      watches.remove(client);
    }
  }

  private void serve(Socket client, String head) throws IOException {
    List<String> lines = List.of(head.split("\r\n"));
    String[] first = lines.get(0).split(" ");
    Request request = new Request(Instant.now(), first[0], first[1]);
    requests.add(request);
    byte[] body = client.getInputStream().readNBytes(contentLength(lines));
    Fault fault = faults.apply(request);
    if (fault == Fault.CUT) {
      return;
    }
    if (fault.code() != 0) {
      client.getOutputStream().write(refusal(fault).getBytes(StandardCharsets.UTF_8));
      return;
    }
    if (request.isWatch()) {
      watches.add(client);
    }
    try (Socket there = upstream.createSocket(api.getHost(), api.getPort())) {
      OutputStream out = there.getOutputStream();
      out.write(forwarded(lines, fault).getBytes(StandardCharsets.ISO_8859_1));
      out.write(body);
      out.flush();
      if (fault == Fault.CUT_AFTERWARDS || fault == Fault.NO_ANSWER) {
        there.getInputStream().readAllBytes();
        if (fault == Fault.NO_ANSWER) {
          // Until the client gives up.
          client.getInputStream().readAllBytes();
        }
        return;
      }
      threads.execute(() -> pass(client, there));
      pass(there, client);
    }
  }

  private static void pass(Socket from, Socket to) {
    byte[] buffer = new byte[16 * 1024];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        out.write(buffer, 0, n);
        out.flush();
      }
    } catch (IOException e) {
      // One of the two has gone.
      cut(from);
    }
    cut(to);
  }

  private static void cut(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    int matched = 0;
    while (matched < 4) {
      int next = in.read();
      if (next < 0) {
        return new byte[0];
      }
      head.write(next);
      matched = next == "\r\n\r\n".charAt(matched) ? matched + 1 : next == '\r' ? 1 : 0;
    }
    return head.toByteArray();
  }

  private static int contentLength(List<String> lines) {
    return lines.stream()
        .map(line -> line.toLowerCase(Locale.ROOT))
        .filter(line -> line.startsWith("content-length:"))
        .map(line -> Integer.parseInt(line.substring("content-length:".length()).trim()))
        .findFirst()
        .orElse(0);
  }

  /** The head as it is passed on: of connections only WebSockets outlive their request. */
  private static String forwarded(List<String> lines, Fault fault) {
    boolean webSocket =
        lines.stream()
            .anyMatch(line -> line.toLowerCase(Locale.ROOT).startsWith("upgrade: websocket"));
    List<String> passed = new ArrayList<>();
    String first = lines.get(0);
    passed.add(
        fault == Fault.EXPIRED
            ? first.replaceAll("resourceVersion=\\d+", "resourceVersion=1")
            : first);
    for (String line : lines.subList(1, lines.size())) {
      String name = line.toLowerCase(Locale.ROOT).replaceAll(":.*", "");
      if (webSocket || !Set.of("connection", "upgrade", "http2-settings").contains(name)) {
        passed.add(line);
      }
    }
    if (!webSocket) {
      passed.add("Connection: close");
    }
    return String.join("\r\n", passed) + "\r\n\r\n";
  }

  private static String refusal(Fault fault) {
    String body =
        """
        {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "%s", "code": %d,
         "message": "a drill"}
        """
            .formatted(fault == Fault.CONFLICT ? "Conflict" : "InternalError", fault.code());
    return "HTTP/1.1 %d Drill\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
        .formatted(fault.code(), body.length(), body);
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    open.forEach(FaultProxy::cut);
    threads.shutdownNow();
  }
}
