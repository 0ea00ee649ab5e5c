package dev.apo.worker.hub;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code hf://[datasets/]owner/name[@revision][/file]}.
 *
 * @param dataset whether it is a data set, not a model
 * @param repository owner and name
 * @param revision commit, tag or branch; null for the main branch
 * @param file a file of the repository, or null
 */
public record HubAddress(boolean dataset, String repository, String revision, String file) {
  public static final String SCHEME = "hf://";

  private static final Pattern FORM =
      Pattern.compile(
          SCHEME
              + "(?<dataset>datasets/)?(?<repository>[\\w.-]+/[\\w.-]+)"
              + "(@(?<revision>[\\w.-]+))?(/(?<file>\\S+))?");

  /**
   * @throws ApoException BAD_MANIFEST if it is no such address
   */
  public static HubAddress parse(String uri) {
    Matcher form = FORM.matcher(uri);
    boolean good = form.matches();
    String file = good ? form.group("file") : null;
    if (!good || file != null && ("/" + file + "/").matches(".*/(\\.{0,2})/.*")) {
      throw new ApoException(
          ExitCode.BAD_MANIFEST,
          uri
              + " is no address on the hub; write hf://owner/name for a model and"
              + " hf://datasets/owner/name/file for data.");
    }
    return new HubAddress(
        form.group("dataset") != null, form.group("repository"), form.group("revision"), file);
  }

  /** The same at another revision, if one is given. */
  HubAddress at(String other) {
    return other == null ? this : new HubAddress(dataset, repository, other, file);
  }

  /** The repository and the revision, without the file. */
  String source() {
    return SCHEME
        + (dataset ? "datasets/" : "")
        + repository
        + "@"
        + (revision == null ? "main" : revision);
  }

  @Override
  public String toString() {
    return source() + (file == null ? "" : "/" + file);
  }
}
