package dev.apo.worker.report;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.run.RunKeys;
import dev.apo.worker.storage.Storage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * The run's page: curves, the distribution of V*, responses, cost and settings. It needs no network
 * and no other file, so it can be mailed.
 */
public final class Report {
  private static final String DATA = "{{data}}";

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
    String page = template().replace(DATA, ScriptJson.write(data.read()));
    String key = root.isEmpty() ? RunKeys.REPORT : root + "/" + RunKeys.REPORT;
    storage.write(key, page.getBytes(StandardCharsets.UTF_8));
    return storage.uri(key);
  }

  private static String template() {
    try (InputStream in = Report.class.getResourceAsStream("report.html")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
