package dev.apo.worker.cli;

import dev.apo.worker.report.Report;
import dev.apo.worker.storage.Storage;
import dev.apo.worker.storage.StorageOptions;
import dev.apo.worker.storage.Storages;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code apo report DIR}: the run's page, again or while it runs. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description = "Makes the page report.html of a run from its artifacts.")
final class ReportCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "DIR",
      description = "The run's directory, or its s3:// address: STORAGE/runs/NAMESPACE/NAME/UID.")
  private String directory;

  @Option(
      names = "--endpoint",
      paramLabel = "URL",
      description = "An S3 service other than Amazon's.")
  private String endpoint;

  @Option(names = "--region", paramLabel = "REGION", description = "Region of the bucket.")
  private String region;

  @Override
  public Integer call() {
    String ca = System.getenv("APO_CA_FILE");
    var options =
        new StorageOptions(endpoint, region, endpoint != null, ca == null ? null : Path.of(ca));
    try (Storage storage = Storages.open(directory, options, Path.of("").toAbsolutePath())) {
      System.out.println(Report.write(storage, ""));
    }
    return 0;
  }
}
