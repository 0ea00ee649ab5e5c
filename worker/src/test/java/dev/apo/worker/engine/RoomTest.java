package dev.apo.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import org.junit.jupiter.api.Test;

class RoomTest {
  private static final long GIB = 1L << 30;

  @Test
  void aGpuGivesAQuarterOfItsMemoryToTheCacheAndOneToActivations() {
    assertThat(Room.ofAGpuWith(80 * GIB)).isEqualTo(new Room(20 * GIB, 20 * GIB));
  }

  @Test
  void aProcessorGivesLittle() {
    assertThat(Room.on(Device.cpu())).isEqualTo(Room.OF_A_PROCESSOR);
  }

  @Test
  void aGpuThatDoesNotTellItsMemoryIsTakenForASmallOne() {
    assumeFalse(CudaUtils.hasCuda(), "there is a GPU");
    assertThat(Room.on(Device.gpu(0))).isEqualTo(Room.OF_A_PROCESSOR);
  }
}
