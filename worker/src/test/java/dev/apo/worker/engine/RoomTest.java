package dev.apo.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
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
    assertThat(Room.on(Device.gpu(999))).isEqualTo(Room.OF_A_PROCESSOR);
  }
}
