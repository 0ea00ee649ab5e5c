package dev.apo.worker.train;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.apo.worker.TestModels;
import dev.apo.worker.algorithm.AStarPo;
import dev.apo.worker.engine.Devices;
import dev.apo.worker.engine.Precision;
import dev.apo.worker.engine.Replicas;
import dev.apo.worker.engine.Trainable;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class ModelsTest {
  @Test
  void aPolicyThatCannotBeReadiedIsClosed() {
    Replicas policy =
        Replicas.load(
            TestModels.open("f32-qwen3"), Precision.FP32, 64, Trainable.WEIGHTS, Devices.cpus(2));
    // Its weights are gone; its threads are not.
    policy.first().close();

    assertThatThrownBy(() -> Models.of(policy, new AStarPo(0.1), 1))
        .isInstanceOf(IllegalStateException.class);

    assertThatThrownBy(() -> policy.map(List.of(1), (decoder, item) -> item))
        .isInstanceOf(RejectedExecutionException.class);
  }
}
