package dev.apo.worker.report;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.run.RunKeys;
import dev.apo.worker.storage.Storage;

/**
 * The run's page: curves, the distribution of V*, responses, cost and settings. It needs no network
 * and no other file, so it can be mailed.
 */
public final class Report {
  private Report() {}

  /**
   * Makes the page and stores it beside the run's other artifacts.
   *
   * @param root of the run within the storage; empty if the storage is the run's own directory
   * @return its address
   * @throws ApoException NOT_FOUND if there is no run
   */
  public static String write(Storage storage, String root) {
    var data = new ReportData(storage, root);
    if (!data.exists()) {
      throw new ApoException(
          ExitCode.NOT_FOUND,
          "There is no run at "
              + storage.uri(root)
              + "; give the directory of a run, such as STORAGE/runs/NAMESPACE/NAME/local.");
    }
    String key = root.isEmpty() ? RunKeys.REPORT : root + "/" + RunKeys.REPORT;
    storage.write(key, Page.of("report.html", data.read()));
    return storage.uri(key);
  }
}
