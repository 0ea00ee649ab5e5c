package dev.apo.worker.cli;

import ai.djl.engine.EngineException;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.StopSignal;
import dev.apo.worker.telemetry.JsonLines;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
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
      CompareCommand.class,
      StageCommand.Prepare.class,
      StageCommand.Estimate.class,
      StageCommand.Train.class,
      EvaluateCommand.class,
      ReportCommand.class,
      GenerateCommand.class,
      VStarCommand.class,
      PretrainCommand.class,
      GenerateDataCommand.class,
      BenchCommand.class
    })
public final class Apo {
  /**
   * What of a message is shown: a damaged file may put anything into it, and Kubernetes keeps 4096
   * bytes.
   */
  private static final int MAX_MESSAGE = 1000;

  private static final Pattern MEMORY =
      Pattern.compile("out of memory|can't allocate memory|alloc_cpu", Pattern.CASE_INSENSITIVE);

  private Apo() {}

  public static void main(String[] args) {
    // Before anything logs: libraries speak as the program does.
    System.setProperty(LogFormat.VARIABLE, LogFormat.of(args, System.getenv()).name());
    StopSignal.exit(execute(args));
  }

  /** Runs one command; the exit code says which class its outcome belongs to. */
  static int execute(String... args) {
    return execute(new CommandLine(new Apo()), args);
  }

  /** The same for other commands. Whatever goes wrong ends in one sentence and an exit code. */
  static int execute(CommandLine commands, String... args) {
    LogFormat format = LogFormat.of(args, System.getenv());
    try {
      return commands
          .setCaseInsensitiveEnumValuesAllowed(true)
          .setParameterExceptionHandler((e, unused) -> explainUsage(format, e))
          .setExecutionExceptionHandler((e, command, parsed) -> explain(format, e))
          .execute(args);
    } catch (Error e) {
      // The handler is only told of exceptions.
      return explain(format, e);
    }
  }

  private static int explainUsage(LogFormat format, CommandLine.ParameterException e) {
    fail(format, ExitCode.USAGE, e.getMessage());
    if (format == LogFormat.TEXT) {
      System.err.println("Try 'apo " + path(e.getCommandLine()) + "--help'.");
    }
    return ExitCode.USAGE.value();
  }

  private static String path(CommandLine command) {
    return command.getParent() == null ? "" : command.getCommandName() + " ";
  }

  private static int explain(LogFormat format, Throwable e) {
    if (e instanceof ApoException known) {
      return fail(format, known.exitCode(), known.getMessage());
    }
    LoggerFactory.getLogger(Apo.class).debug("internal error", e);
    return fail(format, ExitCode.INTERNAL, unexpected(e));
  }

  private static String unexpected(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof OutOfMemoryError) {
        return "Not enough memory for Java ("
            + reason(cause)
            + "); give it more with JAVA_TOOL_OPTIONS=-Xmx8g, or use less data (spec.data.train.limit).";
      }
    }
    boolean engine = e instanceof EngineException;
    String reason = reason(e);
    if (engine && MEMORY.matcher(reason).find()) {
      return "Not enough memory ("
          + reason
          + "); lower spec.train.microBatchTokens or the batch sizes and start anew with --fresh, or give the program more.";
    }
    return (engine ? "The engine failed (" + reason : "Internal error (" + e)
        + "); set APO_LOG_LEVEL=DEBUG for details and report it.";
  }

  /** The line that says why: the engine's own messages may begin with a trace. */
  private static String reason(Throwable e) {
    List<String> lines = String.valueOf(e.getMessage()).lines().map(String::strip).toList();
    return lines.stream()
        .filter(line -> line.startsWith("RuntimeError:") || MEMORY.matcher(line).find())
        .findFirst()
        .orElse(lines.isEmpty() ? "no message" : lines.get(0));
  }

  private static int fail(LogFormat format, ExitCode code, String message) {
    String line = message.strip().replaceAll("[\\s\\p{Cntrl}]+", " ");
    String shown = line.length() <= MAX_MESSAGE ? line : line.substring(0, MAX_MESSAGE) + " …";
    if (format == LogFormat.JSON) {
      new JsonLines(System.err).failed(Instant.now(), shown, code);
    } else {
      System.err.println("apo: " + shown);
    }
    TerminationMessage.failure(code, shown);
    return code.value();
  }
}
