package dev.apo.worker.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.apo.worker.evaluate.Evaluator;
import dev.apo.worker.run.Result;
import dev.apo.worker.run.Run;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code apo run FILE}: all stages here, in one process. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = "Runs all stages here; run again, it goes on where it stopped.")
final class RunCommand implements Callable<Integer> {
  private static final int SHOWN_SAMPLES = 5;

  @Mixin private ManifestOptions options;

  @Option(
      names = "--fresh",
      description = "Start anew, also with a changed manifest; the V* table is kept.")
  private boolean fresh;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "text|json",
      description = "json: the last line is one JSON object.")
  private Output output = Output.TEXT;

  enum Output {
    TEXT,
    JSON
  }

  @Override
  public Integer call() throws Exception {
    try (var around = options.open()) {
      Run.Outcome outcome =
          Run.of(
              around.manifest(),
              around.launch(),
              fresh,
              around.gauges(),
              around.reporter(),
              around.stop());
      if (output == Output.JSON) {
        System.out.println(new ObjectMapper().writeValueAsString(outcome.result()));
      } else {
        print(System.out, outcome);
      }
      TerminationMessage.success(outcome.result(), null);
    }
    return 0;
  }

  private static void print(PrintStream out, Run.Outcome outcome) {
    Result result = outcome.result();
    List<Evaluator.Sample> samples = outcome.trained().samples();
    if (!samples.isEmpty()) {
      out.println();
      out.println("Some responses of the trained model:");
      for (Evaluator.Sample sample : samples.stream().limit(SHOWN_SAMPLES).toList()) {
        out.println(
            "  "
                + (sample.reward() > 0 ? "right" : "wrong")
                + "  "
                + oneLine(sample.prompt())
                + " → "
                + oneLine(sample.response())
                + (sample.reward() > 0 ? "" : "   (answer: " + oneLine(sample.answer()) + ")"));
      }
    }
    out.println();
    if (result.accuracyBefore() != null) {
      out.printf(
          Locale.ROOT, "accuracy  %.3f → %.3f%n", result.accuracyBefore(), result.accuracyAfter());
    }
    out.println("model     " + result.model());
    out.println("metrics   " + result.metrics());
    out.println("report    " + result.report());
    if (result.vstar() != null) {
      out.println(
          "V* table  "
              + result.vstar().table()
              + (result.vstar().reused() ? " (found, not sampled)" : ""));
    }
    if (result.filtered() != null && result.filtered().prompts() > 0) {
      out.println(
          "left out  "
              + result.filtered().words()
              + "; "
              + result.filtered().savedResponses()
              + " responses not sampled");
    }
    var seconds = result.seconds();
    out.printf(
        Locale.ROOT,
        "time      %.1f s (prepare %.1f, estimate %.1f, train %.1f, evaluate %.1f), peak memory %.0f MiB%n",
        seconds.get("total"),
        seconds.get("prepare"),
        seconds.get("estimate"),
        seconds.get("train"),
        seconds.get("evaluate"),
        result.peakRssMiB());
    out.println("cost      " + result.cost().inWords());
  }

  private static String oneLine(String text) {
    String line = text.strip().replaceAll("\\s+", " ");
    return line.length() <= 100 ? line : line.substring(0, 99) + "…";
  }
}
