package dev.apo.worker.cli;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.StopSignal;
import java.io.PrintStream;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The training program's command line. */
@Command(
    name = "apo",
    mixinStandardHelpOptions = true,
    version = "apo 0.1.0",
    description = "Trains a language model with A*-PO, from one manifest.",
    subcommands = {
      RunCommand.class,
      StageCommand.Prepare.class,
      StageCommand.Estimate.class,
      StageCommand.Train.class,
      EvaluateCommand.class,
      GenerateCommand.class,
      PretrainCommand.class,
      BenchCommand.class
    })
public final class Apo {
  private final PrintStream err;

  private Apo(PrintStream err) {
    this.err = err;
  }

  public static void main(String[] args) {
    StopSignal.exit(execute(args));
  }

  /** Runs one command; the exit code says which class its outcome belongs to. */
  static int execute(String... args) {
    var apo = new Apo(System.err);
    return new CommandLine(apo)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler((e, unused) -> apo.explainUsage(e))
        .setExecutionExceptionHandler((e, command, parsed) -> apo.explain(e))
        .execute(args);
  }

  private int explainUsage(CommandLine.ParameterException e) {
    err.println("apo: " + e.getMessage());
    err.println("Try 'apo " + path(e.getCommandLine()) + "--help'.");
    return ExitCode.USAGE.value();
  }

  private static String path(CommandLine command) {
    return command.getParent() == null ? "" : command.getCommandName() + " ";
  }

  private int explain(Exception e) {
    if (e instanceof ApoException known) {
      err.println("apo: " + known.getMessage());
      TerminationMessage.failure(known.exitCode(), known.getMessage());
      return known.exitCode().value();
    }
    String message =
        "internal error: " + e + "; set APO_LOG_LEVEL=DEBUG for details and report it.";
    err.println("apo: " + message);
    LoggerFactory.getLogger(Apo.class).debug("internal error", e);
    TerminationMessage.failure(ExitCode.INTERNAL, message);
    return ExitCode.INTERNAL.value();
  }
}
