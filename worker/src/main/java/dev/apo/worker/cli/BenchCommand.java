package dev.apo.worker.cli;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.bench.Bench;
import dev.apo.worker.engine.Precision;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code apo bench}: how fast this is, beside what a user would pick instead. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Measures generation, a training step or a whole run, and a peer beside it.",
    subcommands = {
      BenchCommand.Generate.class,
      BenchCommand.TrainStep.class,
      BenchCommand.WholeRun.class
    })
final class BenchCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    throw new ApoException(
        ExitCode.USAGE, "Say what to measure: apo bench generate | trainstep | run.");
  }

  /** What all benchmarks understand. */
  abstract static class Measurement implements Callable<Integer> {
    @Option(
        names = "--peer",
        paramLabel = "COMMAND",
        description =
            "How to start bench/peer.py, for instance '.venv/bin/python bench/peer.py'; for"
                + " generate, bench/vllm_peer.py too.")
    private String peer;

    Bench bench() {
      return new Bench(peer == null ? List.of() : List.of(peer.split(" ")), System.out);
    }
  }

  /** What benchmarks of the engine understand. */
  abstract static class EngineMeasurement extends Measurement {
    @Option(
        names = "--model",
        required = true,
        paramLabel = "DIR",
        description = "A Hugging Face model directory.")
    Path model;

    @Option(
        names = "--precision",
        defaultValue = "FP32",
        description = "FP32 or BF16 (default: ${DEFAULT-VALUE}).")
    Precision precision;

    @Option(
        names = "--batch",
        defaultValue = "8",
        description = "Sequences (default: ${DEFAULT-VALUE}).")
    int batch;

    @Option(
        names = "--rounds",
        defaultValue = "5",
        description = "Measured rounds (default: ${DEFAULT-VALUE}).")
    int rounds;
  }

  @Command(
      name = "generate",
      mixinStandardHelpOptions = true,
      description = "Sampling, in new tokens per second.")
  static final class Generate extends EngineMeasurement {
    @Option(
        names = "--prompt-tokens",
        defaultValue = "64",
        description = "Default: ${DEFAULT-VALUE}.")
    int promptTokens;

    @Option(
        names = "--new-tokens",
        defaultValue = "128",
        description = "Of the longest response (default: ${DEFAULT-VALUE}).")
    int newTokens;

    @Option(
        names = "--shortest",
        paramLabel = "<tokens>",
        description =
            "New tokens of the shortest response; the others have up to --new-tokens, evenly"
                + " (default: all have as many).")
    Integer shortest;

    @Override
    public Integer call() {
      int least = shortest == null ? newTokens : shortest;
      if (batch < 1 || least < 1 || least > newTokens) {
        throw new ApoException(
            ExitCode.USAGE,
            "--batch must be at least 1, --new-tokens too, and --shortest from 1 to --new-tokens.");
      }
      int[] lengths = Bench.lengths(batch, least, newTokens);
      bench().generate(model, precision, rounds, promptTokens, lengths);
      return 0;
    }
  }

  @Command(
      name = "trainstep",
      mixinStandardHelpOptions = true,
      description = "A training step, in tokens per second.")
  static final class TrainStep extends EngineMeasurement {
    @Option(
        names = "--tokens",
        defaultValue = "256",
        description = "Sequence length (default: ${DEFAULT-VALUE}).")
    int tokens;

    @Override
    public Integer call() {
      bench().trainStep(model, precision, rounds, batch, tokens);
      return 0;
    }
  }

  @Command(
      name = "run",
      mixinStandardHelpOptions = true,
      description =
          "A whole run of a manifest, A*-PO or GRPO, beside TRL's with the same settings.")
  static final class WholeRun extends Measurement {
    @Option(
        names = "--manifest",
        required = true,
        paramLabel = "FILE",
        description = "The manifest.")
    Path manifest;

    @Option(
        names = "--seed",
        description = "Of training, here and there (default: the manifest's).")
    Long seed;

    @Override
    public Integer call() {
      bench().run(manifest, seed);
      return 0;
    }
  }
}
