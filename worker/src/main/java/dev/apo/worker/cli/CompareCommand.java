package dev.apo.worker.cli;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.StopSignal;
import dev.apo.worker.compare.Comparer;
import dev.apo.worker.storage.StorageOptions;
import dev.apo.worker.telemetry.ProgressTracker;
import dev.apo.worker.telemetry.ProgressView;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code apo compare FILE…}: several manifests on the same task, beside each other. */
@Command(
    name = "compare",
    mixinStandardHelpOptions = true,
    description =
        "Runs manifests of the same model and data with some seeds, and makes a page of what each takes and comes to; run again, it goes on where it stopped.")
final class CompareCommand implements Callable<Integer> {
  @Parameters(
      arity = "0..*",
      paramLabel = "FILE",
      description = "Manifests; the first one is compared with each other one.")
  private List<Path> files = List.of();

  @Option(
      names = "--seeds",
      split = ",",
      paramLabel = "N",
      defaultValue = "1,2,3",
      description = "Every manifest is run with each of them (default: ${DEFAULT-VALUE}).")
  private List<Long> seeds;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "compare",
      description = "Gets compare.html and compare.json (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Option(
      names = "--runs",
      arity = "1..*",
      paramLabel = "URI",
      description =
          "Directories of finished runs, also s3:// ones: STORAGE/runs/NAMESPACE/NAME/UID.")
  private List<String> runs = List.of();

  @Option(
      names = "--endpoint",
      paramLabel = "URL",
      description = "An S3 service other than Amazon's, for --runs.")
  private String endpoint;

  @Option(names = "--region", paramLabel = "REGION", description = "Region of --runs' buckets.")
  private String region;

  @Option(
      names = LogFormat.OPTION,
      paramLabel = "text|json",
      defaultValue = "${env:" + LogFormat.VARIABLE + ":-TEXT}",
      description =
          "How progress and errors are told where no terminal is (APO_LOG_FORMAT does the same).")
  private LogFormat logFormat;

  @Override
  public Integer call() {
    if (files.isEmpty() && runs.isEmpty()) {
      throw new ApoException(
          ExitCode.USAGE, "Name what to compare: manifests, or finished runs with --runs.");
    }
    if (seeds.stream().anyMatch(seed -> seed < 0)) {
      throw new ApoException(ExitCode.USAGE, "--seeds must be whole numbers from 0.");
    }
    List<String> childOptions = List.of(LogFormat.OPTION, logFormat.name());
    String ca = System.getenv("APO_CA_FILE");
    var options =
        new StorageOptions(endpoint, region, endpoint != null, ca == null ? null : Path.of(ca));
    ProgressView view = ProgressView.onStandardError(logFormat == LogFormat.JSON);
    var reporter = new ProgressTracker(Clock.systemUTC(), List.of(view));
    try (StopSignal stop = StopSignal.install()) {
      String table =
          new Comparer(out, childOptions, reporter::message, stop)
              .compare(
                  files, List.copyOf(new LinkedHashSet<>(seeds)), new Comparer.Made(runs, options));
      System.out.println();
      System.out.print(table);
      System.out.println();
      System.out.println("page  " + out.resolve("compare.html"));
    } finally {
      view.end();
    }
    return 0;
  }
}
