package dev.apo.worker.cli;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.FileErrors;
import dev.apo.worker.generate.AddTask;
import dev.apo.worker.generate.CountdownTask;
import dev.apo.worker.generate.DataGenerator;
import dev.apo.worker.generate.MultiplyTask;
import dev.apo.worker.generate.Task;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code apo generate-data}: makes data for tasks whose answers can be checked. */
@Command(
    name = "generate-data",
    mixinStandardHelpOptions = true,
    description = "Makes questions and answers of a task that a reward can check.")
final class GenerateDataCommand {
  /** Where to, and how much. */
  static final class Output {
    @Option(
        names = "--out",
        required = true,
        paramLabel = "DIR",
        description = "Gets train.jsonl and test.jsonl.")
    private Path out;

    @Option(
        names = "--train-rows",
        paramLabel = "N",
        defaultValue = "8000",
        description = "Default: ${DEFAULT-VALUE}.")
    private int trainRows;

    @Option(
        names = "--test-rows",
        paramLabel = "N",
        defaultValue = "500",
        description = "Default: ${DEFAULT-VALUE}.")
    private int testRows;

    @Option(
        names = "--seed",
        paramLabel = "N",
        defaultValue = "7",
        description = "Decides all rows (default: ${DEFAULT-VALUE}).")
    private long seed;

    int write(Task task) {
      require(trainRows >= 1 && testRows >= 1, "--train-rows and --test-rows must be at least 1");
      require(trainRows + (long) testRows <= 10_000_000, "that is more than 10,000,000 rows");
      try {
        new DataGenerator(task, seed).write(out, trainRows, testRows);
      } catch (IOException e) {
        throw FileErrors.explain("write", out.resolve("train.jsonl"), e);
      }
      System.out.printf("%d and %d rows: %s%n", trainRows, testRows, out);
      return 0;
    }
  }

  /** How large the numbers are. */
  static final class Digits {
    @Option(
        names = "--digits",
        paramLabel = "N",
        defaultValue = "3",
        description = "Of each number (default: ${DEFAULT-VALUE}).")
    private int digits;

    int checked() {
      require(digits >= 1 && digits <= 8, "--digits must be from 1 to 8");
      return digits;
    }
  }

  @Command(
      name = "countdown",
      mixinStandardHelpOptions = true,
      description = "Equations of given numbers that make a target, for the reward Countdown.")
  int countdown(
      @Mixin Output output,
      @Option(
              names = "--min-numbers",
              paramLabel = "N",
              defaultValue = "3",
              description = "Default: ${DEFAULT-VALUE}.")
          int fewest,
      @Option(
              names = "--max-numbers",
              paramLabel = "N",
              defaultValue = "4",
              description = "Default: ${DEFAULT-VALUE}.")
          int most,
      @Option(
              names = "--max-value",
              paramLabel = "N",
              defaultValue = "99",
              description = "Of the numbers and the target (default: ${DEFAULT-VALUE}).")
          int highest) {
    require(
        fewest >= 2 && fewest <= most && most <= 6,
        "--min-numbers and --max-numbers must be from 2 to 6, in this order");
    require(highest >= 20 && highest <= 9999, "--max-value must be from 20 to 9999");
    return output.write(new CountdownTask(fewest, most, highest));
  }

  @Command(
      name = "add",
      mixinStandardHelpOptions = true,
      description = "Sums of two numbers, for the reward GSM8K with method Flexible.")
  int add(@Mixin Output output, @Mixin Digits digits) {
    return output.write(new AddTask(digits.checked()));
  }

  @Command(
      name = "multiply",
      mixinStandardHelpOptions = true,
      description = "Products of two numbers, for the reward Arithmetic.")
  int multiply(@Mixin Output output, @Mixin Digits digits) {
    return output.write(new MultiplyTask(digits.checked()));
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw new ApoException(ExitCode.USAGE, rule + ".");
    }
  }
}
