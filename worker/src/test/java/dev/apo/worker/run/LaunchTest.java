package dev.apo.worker.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.apo.worker.ApoException;
import dev.apo.worker.ExitCode;
import dev.apo.worker.engine.Devices;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LaunchTest {
  private static final Path BESIDE = Path.of("beside");

  @Test
  void aLaptopNeedsNoVariables() {
    assertThat(Launch.from(Map.of(), BESIDE, Devices.PRESENT))
        .isEqualTo(new Launch("local", 1, 0, BESIDE, Devices.PRESENT));
  }

  @Test
  void aJobSaysWhatToDo() {
    Map<String, String> env =
        Map.of(
            "APO_UID", "u-1",
            "APO_ATTEMPT", "3",
            "JOB_COMPLETION_INDEX", "7",
            "APO_WORK_DIR", "/scratch");

    assertThat(Launch.from(env, BESIDE, Devices.PRESENT))
        .isEqualTo(new Launch("u-1", 3, 7, Path.of("/scratch"), Devices.PRESENT));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two", "1.5", "99999999999"})
  void aVariableThatIsNoNumberIsNamed(String value) {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> Launch.from(Map.of("APO_ATTEMPT", value), BESIDE, Devices.PRESENT))
        .withMessage(
            "The environment variable APO_ATTEMPT is \"%s\"; it must be a whole number.", value)
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.USAGE));
  }
}
