package dev.apo.worker.cli;

import dev.apo.worker.StopSignal;
import dev.apo.worker.engine.Devices;
import dev.apo.worker.manifest.Manifest;
import dev.apo.worker.manifest.ManifestReader;
import dev.apo.worker.run.Launch;
import dev.apo.worker.telemetry.ProgressTracker;
import dev.apo.worker.telemetry.ProgressView;
import dev.apo.worker.telemetry.Reporter;
import dev.apo.worker.telemetry.StatusServer;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What every command that works on a manifest understands. */
final class ManifestOptions {
  @Parameters(
      index = "0",
      paramLabel = "FILE",
      description = "The manifest: one APOTraining as YAML.")
  private Path file;

  @Option(
      names = "--work-dir",
      paramLabel = "DIR",
      description = "Scratch space; losing it loses nothing (default: .apo beside the manifest).")
  private Path workDirectory;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description =
          "Serve /progress, /metrics and /healthz there; 0 takes a free port (APO_PORT does the same).")
  private Integer port;

  @Option(
      names = "--devices",
      paramLabel = "LIST",
      defaultValue = "${env:" + Devices.VARIABLE + "}",
      description =
          "One replica of the model on each, such as gpu:0,gpu:1 or cpu,cpu (APO_DEVICES does the same; default: all GPUs, else the CPU).")
  private String devices;

  @Option(
      names = LogFormat.OPTION,
      paramLabel = "text|json",
      defaultValue = "${env:" + LogFormat.VARIABLE + ":-TEXT}",
      description =
          "How progress and errors are told where no terminal is (APO_LOG_FORMAT does the same).")
  private LogFormat logFormat;

  /** The surroundings of one command; closed in reverse. */
  record Surroundings(
      Manifest manifest,
      Launch launch,
      Reporter reporter,
      Consumer<Map<String, Double>> gauges,
      StopSignal stop,
      StatusServer server,
      List<ProgressView> views)
      implements AutoCloseable {
    @Override
    public void close() {
      stop.close();
      views.forEach(ProgressView::end);
      if (server != null) {
        server.close();
      }
    }
  }

  Surroundings open() {
    Manifest manifest = ManifestReader.read(file);
    Path work =
        workDirectory != null
            ? workDirectory
            : manifest.baseDirectory().resolve(".apo").resolve(manifest.name());
    Launch launch = Launch.from(System.getenv(), work, Devices.parse(devices));
    var views = new ArrayList<ProgressView>();
    views.add(ProgressView.onStandardError(logFormat == LogFormat.JSON));
    Integer at = port != null ? port : Launch.number(System.getenv(), "APO_PORT", null);
    StatusServer server = at == null ? null : StatusServer.start(at);
    if (server != null) {
      views.add(server);
    }
    Consumer<Map<String, Double>> gauges = server == null ? metrics -> {} : server::metrics;
    Reporter reporter = new ProgressTracker(Clock.systemUTC(), List.copyOf(views));
    if (server != null) {
      reporter.message("Serving /progress, /metrics and /healthz on port " + server.port() + ".");
    }
    return new Surroundings(
        manifest, launch, reporter, gauges, StopSignal.install(), server, List.copyOf(views));
  }
}
