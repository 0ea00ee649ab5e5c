package dev.apo.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import ai.djl.Device;
import dev.apo.worker.ApoException;
import java.util.List;
import org.junit.jupiter.api.Test;

class DevicesTest {
  private static final long SMALL = 1 << 20;
  private static final long LARGE = 1 << 30;

  @Test
  void allGpusAreUsedWhateverTheModel() {
    var both = List.of(Device.gpu(0), Device.gpu(1));

    assertThat(Devices.PRESENT.among(2, 8, SMALL)).isEqualTo(both);
    assertThat(Devices.PRESENT.among(2, 8, LARGE)).isEqualTo(both);
  }

  @Test
  void withoutAGpuASmallModelHasAReplicaOnEachCoreAndALargeOneHasOne() {
    assertThat(Devices.PRESENT.among(0, 4, SMALL)).hasSize(4).containsOnly(Device.cpu());
    assertThat(Devices.PRESENT.among(0, 64, SMALL)).hasSize(8);
    assertThat(Devices.PRESENT.among(0, 64, LARGE)).containsExactly(Device.cpu());
  }

  @Test
  void namedDevicesAreTheOnes() {
    assertThat(Devices.parse("gpu:1,gpu:0").among(2, 8, LARGE))
        .containsExactly(Device.gpu(1), Device.gpu(0));
    assertThat(Devices.parse("cpu,cpu,cpu").among(2, 1, LARGE))
        .containsExactly(Device.cpu(), Device.cpu(), Device.cpu());
    assertThat(Devices.parse("")).isEqualTo(Devices.parse(null)).isEqualTo(Devices.PRESENT);
  }

  @Test
  void aGpuThatIsNotThereIsRefused() {
    assertThatExceptionOfType(ApoException.class)
        .isThrownBy(() -> Devices.parse("gpu:0,gpu:2").among(2, 8, LARGE))
        .withMessage(
            "The devices (--devices or APO_DEVICES) name gpu:2, and the engine sees 2 GPUs; their"
                + " numbers begin at 0.");
  }
}
