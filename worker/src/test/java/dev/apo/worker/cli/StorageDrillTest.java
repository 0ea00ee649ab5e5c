package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.worker.Drill;
import dev.apo.worker.ExitCode;
import dev.apo.worker.storage.FaultyProxy;
import dev.apo.worker.storage.S3Server;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A run whose storage is out, slow, busy or damages what it carries, and what comes of it. */
@Tag("slow")
@Tag("drill")
class StorageDrillTest {
  private static final Duration OUTAGE =
      Duration.ofSeconds(Integer.getInteger("drill.seconds", 10));
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @TempDir static Path buckets;
  private static S3Server server;
  private static Map<String, Object> undisturbed;

  @TempDir Path directory;
  private FaultyProxy proxy;

  @BeforeAll
  static void start(@TempDir Path reference) throws Exception {
    server = new S3Server(buckets);
    server.blobs().createContainerInLocation(null, "bucket");
    var whole = new Workplace(reference);
    whole.apo("run").succeeds();
    undisturbed = whole.results();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void intercept() throws IOException {
    proxy = new FaultyProxy(server.endpoint());
  }

  @AfterEach
  void closeProxy() {
    proxy.close();
  }

  private Workplace workplace(String name) throws IOException {
    var workplace =
        new Workplace(Files.createDirectory(directory.resolve(name)))
            .set("storage.uri", "s3://bucket/" + name)
            .set("storage.endpoint", proxy.endpoint());
    S3Server.CREDENTIALS.forEach(workplace::environment);
    return workplace;
  }

  private void assertNothingIsLost(String name) throws IOException {
    var inBucket = new Workplace(Files.createDirectory(directory.resolve("view-" + name)));
    Files.createSymbolicLink(
        inBucket.directory().resolve("storage"), buckets.resolve("bucket").resolve(name));
    assertThat(inBucket.results()).isEqualTo(undisturbed);
  }

  /** How a service is out. */
  enum Out {
    ABSENT {
      @Override
      FaultyProxy.Fault fault() {
        return FaultyProxy.hangUp();
      }
    },
    FAILING {
      @Override
      FaultyProxy.Fault fault() {
        return FaultyProxy.status(503);
      }
    },
    HANGING {
      @Override
      FaultyProxy.Fault fault() {
        return FaultyProxy.hang(OUTAGE.dividedBy(2));
      }
    };

    abstract FaultyProxy.Fault fault();
  }

  @ParameterizedTest
  @EnumSource
  void trainingOutlivesAnOutageAndSaysWhatItWaitsFor(Out out) throws Exception {
    String name = "out-" + out;
    int port = freePort();
    Workplace workplace = workplace(name);
    long[] began = {0};
    long[] back = {0};
    FaultyProxy.Fault fault = out.fault();
    proxy.fault =
        exchange -> {
          synchronized (began) {
            long now = System.nanoTime();
            if (began[0] == 0 && exchange.getRequestURI().toString().contains("step-00000004")) {
              began[0] = now;
            }
            if (began[0] != 0 && now - began[0] < OUTAGE.toNanos()) {
              return fault.strike(exchange);
            }
            if (began[0] != 0 && back[0] == 0) {
              back[0] = now - began[0] - OUTAGE.toNanos();
            }
            return false;
          }
        };

    Process run = workplace.startRun("--port", Integer.toString(port));
    String progress = "";
    while (run.isAlive() && !progress.contains("\"waiting\"")) {
      Thread.sleep(50);
      progress = progress(port);
    }
    Workplace.Outcome outcome = workplace.await(run).succeeds();

    assertThat(progress)
        .contains("\"stage\":\"train\"", "\"waiting\":\"Waiting for storage since 20")
        .contains(proxy.endpoint() + " does not answer");
    assertThat(outcome.err())
        .contains("\"message\":\"Waiting for storage since 20")
        .contains("\"message\":\"Storage at " + proxy.endpoint() + " answers again, after ");
    assertNothingIsLost(name);
    Drill.passed(
        "storage is " + out + " for " + OUTAGE.toSeconds() + " s of training",
        1,
        "nothing",
        String.format(Locale.ROOT, "%.1f s", back[0] / 1e9));
  }

  @Test
  void aStopDuringAnOutageEndsTheWaitAndLosesNothing() throws Exception {
    Map<String, FaultyProxy.Fault> faults =
        Map.of("absent", FaultyProxy.hangUp(), "hanging", FaultyProxy.hang(Duration.ofMinutes(9)));
    Set<String> out = ConcurrentHashMap.newKeySet();
    proxy.fault =
        exchange -> {
          String uri = exchange.getRequestURI().toString();
          for (var fault : faults.entrySet()) {
            if (uri.contains("stop-" + fault.getKey())) {
              if (uri.contains("step-00000004")) {
                out.add(fault.getKey());
              }
              return out.contains(fault.getKey()) && fault.getValue().strike(exchange);
            }
          }
          return false;
        };
    var runs = new TreeMap<String, Stopped>();
    for (String fault : faults.keySet()) {
      Workplace workplace = workplace("stop-" + fault);
      Process run = workplace.startRun();
      while (run.isAlive() && !out.contains(fault)) {
        Thread.sleep(50);
      }
      runs.put(fault, new Stopped(workplace, run, System.nanoTime()));
      run.destroy();
    }

    for (var run : runs.entrySet()) {
      Stopped stopped = run.getValue();
      Workplace.Outcome outcome = stopped.workplace().await(stopped.process());
      double seconds = (System.nanoTime() - stopped.asked()) / 1e9;
      outcome.endsWith(ExitCode.STOPPED.value());
      Drill.passed(
          "a run is stopped while its storage is " + run.getKey(),
          1,
          "nothing",
          String.format(Locale.ROOT, "%.1f s until it ends", seconds));
    }
    proxy.fault = exchange -> false;
    for (var run : runs.entrySet()) {
      Workplace workplace = run.getValue().workplace();
      workplace.await(workplace.startRun()).succeeds();
      assertNothingIsLost("stop-" + run.getKey());
    }
  }

  private record Stopped(Workplace workplace, Process process, long asked) {}

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** What the run says at the moment; empty while it does not listen. */
  private static String progress(int port) throws InterruptedException {
    var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/progress"));
    try {
      return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
    } catch (IOException e) {
      return "";
    }
  }

  /** How a service is bad all the time. */
  enum Bad {
    SLOW {
      @Override
      FaultyProxy.Fault fault(FaultyProxy proxy) {
        return FaultyProxy.delay(Duration.ofMillis(100));
      }
    },
    BUSY {
      @Override
      FaultyProxy.Fault fault(FaultyProxy proxy) {
        return each(5, FaultyProxy.status(503));
      }
    },
    BREAKING_OFF {
      @Override
      FaultyProxy.Fault fault(FaultyProxy proxy) {
        return each(5, FaultyProxy.hangUp());
      }
    },
    DAMAGING_UPLOADS {
      @Override
      FaultyProxy.Fault fault(FaultyProxy proxy) {
        return of("PUT", each(5, proxy.damageUpload()));
      }
    },
    DAMAGING_DOWNLOADS {
      @Override
      FaultyProxy.Fault fault(FaultyProxy proxy) {
        FaultyProxy.Fault some = of("GET", each(5, proxy.damageDownload()));
        // Lists of objects have no checksum.
        return exchange -> exchange.getRequestURI().getQuery() == null && some.strike(exchange);
      }
    };

    abstract FaultyProxy.Fault fault(FaultyProxy proxy);

    private static FaultyProxy.Fault each(int nth, FaultyProxy.Fault fault) {
      var count = new AtomicInteger();
      return exchange -> count.incrementAndGet() % nth == 0 && fault.strike(exchange);
    }

    private static FaultyProxy.Fault of(String method, FaultyProxy.Fault fault) {
      return exchange -> exchange.getRequestMethod().equals(method) && fault.strike(exchange);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRunOnBadStorageComesToTheSameBits(Bad bad) throws Exception {
    String name = "bad-" + bad;
    Workplace workplace = workplace(name);
    var struck = new AtomicInteger();
    FaultyProxy.Fault fault = bad.fault(proxy);
    proxy.fault =
        exchange -> {
          boolean strikes = fault.strike(exchange);
          if (strikes || bad == Bad.SLOW) {
            struck.incrementAndGet();
          }
          return strikes;
        };

    workplace.process("run").succeeds();

    assertThat(struck).hasPositiveValue();
    assertNothingIsLost(name);
    Drill.passed("storage is " + bad, struck.get(), "nothing", "at once");
  }
}
