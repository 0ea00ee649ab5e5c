package dev.apo.worker.cli;

import dev.apo.worker.FileErrors;
import dev.apo.worker.pretrain.Pretrainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code apo pretrain}: makes the quickstart's data and starting model. */
@Command(
    name = "pretrain",
    mixinStandardHelpOptions = true,
    description =
        "Makes a small model that adds two numbers fairly well, and data to train it further.")
final class PretrainCommand implements Callable<Integer> {
  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Gets model/, train.jsonl and test.jsonl.")
  private Path out;

  @Option(
      names = "--layers",
      paramLabel = "N",
      defaultValue = "4",
      description = "Default: ${DEFAULT-VALUE}.")
  private int layers;

  @Option(
      names = "--hidden-size",
      paramLabel = "N",
      defaultValue = "128",
      description = "Default: ${DEFAULT-VALUE}.")
  private int hiddenSize;

  @Option(
      names = "--accuracy",
      paramLabel = "A",
      defaultValue = "0.65",
      description = "Stop at this held-out accuracy (default: ${DEFAULT-VALUE}).")
  private double accuracy;

  @Option(
      names = "--max-steps",
      paramLabel = "N",
      defaultValue = "2000",
      description = "Default: ${DEFAULT-VALUE}.")
  private int maxSteps;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "7",
      description = "Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Override
  public Integer call() {
    var settings =
        new Pretrainer.Settings(layers, hiddenSize, 128, maxSteps, 1e-3, accuracy, 2000, 500, seed);
    try {
      Pretrainer.Result result = new Pretrainer(settings, System.err::println).run(out);
      System.out.printf(
          "%d steps, held-out accuracy %.3f: %s%n", result.steps(), result.accuracy(), out);
      return 0;
    } catch (IOException e) {
      throw FileErrors.explain("write", out.resolve("model"), e);
    }
  }
}
