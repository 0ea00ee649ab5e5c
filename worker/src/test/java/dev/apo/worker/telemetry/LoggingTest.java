package dev.apo.worker.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.joran.spi.JoranException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LoggingTest {
  @Test
  void librariesAreQuietBelowWarnings() throws Exception {
    assertThat(log(Map.of())).matches("\\d\\d:\\d\\d:\\d\\d WARN  Library: look\n");
  }

  @Test
  void theLevelMayBeLowered() throws Exception {
    assertThat(log(Map.of("APO_LOG_LEVEL", "INFO"))).contains("INFO  Library: chatter");
  }

  @Test
  void jsonIsOneObjectPerLine() throws Exception {
    String[] lines = log(Map.of("APO_LOG_FORMAT", "JSON")).split("\n");
    assertThat(lines).hasSize(1);
    JsonNode line = new ObjectMapper().readTree(lines[0]);
    assertThat(line.get("level").asText()).isEqualTo("WARN");
    assertThat(line.get("formattedMessage").asText()).isEqualTo("look");
    assertThat(line.get("loggerName").asText()).isEqualTo("some.Library");
  }

  /** What goes to standard error under our configuration with these properties. */
  private static String log(Map<String, String> properties) throws JoranException, IOException {
    PrintStream before = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    LoggerContext context = new LoggerContext();
    context.setMDCAdapter(new LogbackMDCAdapter());
    try (PrintStream err = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      System.setErr(err);
      properties.forEach(context::putProperty);
      JoranConfigurator configurator = new JoranConfigurator();
      configurator.setContext(context);
      configurator.doConfigure(LoggingTest.class.getResource("/logback.xml"));
      context.getLogger("some.Library").info("chatter");
      context.getLogger("some.Library").warn("look");
    } finally {
      System.setErr(before);
      context.stop();
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
