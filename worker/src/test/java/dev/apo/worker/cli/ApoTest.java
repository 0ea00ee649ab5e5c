package dev.apo.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class ApoTest {
  @Test
  void aKnownFailureIsPrintedAsItIs() {
    assertPrinted(
        new ApoException(ExitCode.DENIED, "The door is locked."),
        ExitCode.DENIED,
        "apo: The door is locked.\n");
  }

  @Test
  void anUnexpectedExceptionIsOneLine() {
    assertPrinted(
        new IllegalStateException("first\n\tat second"),
        ExitCode.INTERNAL,
        "apo: Internal error (java.lang.IllegalStateException: first at second); set"
            + " APO_LOG_LEVEL=DEBUG for details and report it.\n");
  }

  @Test
  void anErrorOfTheJvmIsOneLine() {
    assertPrinted(
        new StackOverflowError(),
        ExitCode.INTERNAL,
        "apo: Internal error (java.lang.StackOverflowError); set APO_LOG_LEVEL=DEBUG for details"
            + " and report it.\n");
  }

  @Test
  void tooLittleMemoryOfTheJvmSaysWhatToDo() {
    String sentence =
        "apo: Not enough memory for Java (Java heap space); give it more with"
            + " JAVA_TOOL_OPTIONS=-Xmx8g, or use less data (spec.data.train.limit).\n";
    var error = new OutOfMemoryError("Java heap space");
    assertPrinted(error, ExitCode.INTERNAL, sentence);
    // As it comes out of another thread.
    assertPrinted(new IllegalStateException(error), ExitCode.INTERNAL, sentence);
  }

  @Test
  @Tag("slow")
  void tooLittleMemoryOfTheEngineSaysWhatToDo() {
    Throwable real;
    try (NDManager manager = NDManager.newBaseManager()) {
      real = catchThrowable(() -> manager.zeros(new Shape(1L << 50)));
    }
    assertThat(real).isInstanceOf(EngineException.class);

    String printed = printed(real, ExitCode.INTERNAL);

    assertThat(printed)
        .startsWith("apo: Not enough memory (")
        .contains("allocate", "lower spec.train.microBatchTokens");
    assertThat(printed.lines()).hasSize(1);
  }

  @Test
  void aFailureOfTheEngineIsTheLineThatSaysWhy() {
    assertPrinted(
        new EngineException(
            "The following operation failed in the TorchScript interpreter.\n"
                + "Traceback of TorchScript (most recent call last):\n"
                + "  File \"decoder.py\", line 7, in forward\n"
                + "RuntimeError: shapes differ\n"),
        ExitCode.INTERNAL,
        "apo: The engine failed (RuntimeError: shapes differ); set APO_LOG_LEVEL=DEBUG for details"
            + " and report it.\n");
  }

  @Test
  void aWrongCommandLineIsWrongUsage() {
    assertThat(printed(null, ExitCode.USAGE, "--unheard"))
        .startsWith("apo: Unknown option: '--unheard'")
        .contains("--help");
  }

  @Test
  void whereJsonIsAskedForTheLastLineIsJsonToo() {
    var failure = new ApoException(ExitCode.DENIED, "The door\nis \"locked\".");

    JsonNode line =
        Workplace.parse(printed(failure, ExitCode.DENIED, "--log-format", "json").strip());

    assertThat(line.get("level").asText()).isEqualTo("ERROR");
    assertThat(line.get("event").asText()).isEqualTo("failed");
    assertThat(line.get("message").asText()).isEqualTo("The door is \"locked\".");
    assertThat(line.get("exitCode").asInt()).isEqualTo(ExitCode.DENIED.value());
    assertThat(line.get("reason").asText()).isEqualTo("DENIED");
    assertThat(Instant.parse(line.get("time").asText())).isBeforeOrEqualTo(Instant.now());
  }

  @Test
  void aWrongCommandLineIsOneLineOfJsonToo() {
    String printed = printed(null, ExitCode.USAGE, "--unheard", "--log-format=JSON");

    assertThat(printed.lines()).hasSize(1);
    assertThat(Workplace.parse(printed).get("message").asText()).contains("--unheard");
  }

  @ParameterizedTest
  @CsvSource({
    "'run x',                        ,     TEXT",
    "'run x',                        JSON, JSON",
    "'run x --log-format text',      JSON, TEXT",
    "'run --log-format json x',      ,     JSON",
    "'run --log-format=Json x',      TEXT, JSON",
    "'run x --log-format',           ,     TEXT",
    "'run x --log-format yaml',      ,     TEXT",
  })
  void theCommandLineSaysTheFormatBeforeTheEnvironmentDoes(
      String line, String variable, LogFormat format) {
    Map<String, String> environment =
        variable == null ? Map.of() : Map.of("APO_LOG_FORMAT", variable);

    assertThat(LogFormat.of(line.split(" "), environment)).isEqualTo(format);
  }

  @Command(name = "failing")
  private static final class Failing implements Callable<Integer> {
    private final Throwable failure;

    @Option(names = LogFormat.OPTION)
    private LogFormat format;

    Failing(Throwable failure) {
      this.failure = failure;
    }

    @Override
    public Integer call() throws Exception {
      if (failure instanceof Error error) {
        throw error;
      }
      throw (Exception) failure;
    }
  }

  private static void assertPrinted(Throwable failure, ExitCode code, String text) {
    assertThat(printed(failure, code)).isEqualTo(text);
  }

  private static String printed(Throwable failure, ExitCode code, String... args) {
    PrintStream err = System.err;
    var captured = new ByteArrayOutputStream();
    try {
      System.setErr(new PrintStream(captured, true, StandardCharsets.UTF_8));
      assertThat(Apo.execute(new CommandLine(new Failing(failure)), args)).isEqualTo(code.value());
    } finally {
      System.setErr(err);
    }
    return captured.toString(StandardCharsets.UTF_8);
  }
}
