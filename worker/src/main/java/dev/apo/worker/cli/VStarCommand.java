package dev.apo.worker.cli;

import dev.apo.api.v1alpha1.RewardType;
import dev.apo.worker.FileErrors;
import dev.apo.worker.run.Session;
import dev.apo.worker.vstar.PublishedTable;
import dev.apo.worker.vstar.VStarRow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code apo vstar}: the V* table of a manifest, for other programs. */
@Command(
    name = "vstar",
    mixinStandardHelpOptions = true,
    description = "Hands a V* table to other programs.")
final class VStarCommand {
  @Command(
      name = "export",
      mixinStandardHelpOptions = true,
      description =
          "Writes the manifest's V* table as one Parquet file that the paper's released code reads; spec.estimate.table reads it back.")
  int export(
      @Mixin ManifestOptions options,
      @Option(
              names = "--out",
              required = true,
              paramLabel = "FILE",
              description = "The file to write, e.g. table.parquet.")
          Path out,
      @Option(
              names = "--data-source",
              paramLabel = "NAME",
              description =
                  "By which the released code chooses its scorer (default: openai/gsm8k or lighteval/MATH for these rewards, else the manifest's name).")
          String dataSource) {
    try (var around = options.open();
        Session session =
            Session.open(around.manifest(), around.launch(), around.reporter(), around.stop())) {
      List<VStarRow> rows = session.vStarStore().read();
      String source =
          dataSource != null
              ? dataSource
              : source(session.spec().reward().type(), session.keys().name());
      write(out, PublishedTable.encode(source, session.rewards().accuracy()::groundTruth, rows));
      System.out.printf(
          "%d prompts with %d responses each: %s%n",
          rows.size(), rows.get(0).samples().size(), out);
      return 0;
    }
  }

  private static String source(RewardType reward, String otherwise) {
    return switch (reward) {
      case GSM8K -> "openai/gsm8k";
      case MATH, SYMBOLIC_MATH -> "lighteval/MATH";
      default -> otherwise;
    };
  }

  private static void write(Path file, byte[] content) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.write(file, content);
    } catch (IOException e) {
      throw FileErrors.explain("write", file, e);
    }
  }
}
