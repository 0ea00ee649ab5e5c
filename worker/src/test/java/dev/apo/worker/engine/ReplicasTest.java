package dev.apo.worker.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.apo.worker.TestModels;
import dev.apo.worker.engine.TokenBatch.Sequence;
import dev.apo.worker.sampling.ReplicaSampler;
import dev.apo.worker.sampling.Request;
import dev.apo.worker.sampling.Sampler;
import dev.apo.worker.sampling.SamplingSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ReplicasTest {
  private static final List<Sequence> SEQUENCES =
      List.of(
          Sequence.of(new int[] {3, 9, 4}, new int[] {7, 30, 2}),
          Sequence.of(new int[] {8}, new int[] {9, 10, 11, 12, 13, 14, 1}));

  private static Replicas replicas(Precision precision, int count) {
    return Replicas.load(
        TestModels.open("f32-tied-own-head-dim"),
        precision,
        64,
        Trainable.WEIGHTS,
        Devices.cpus(count));
  }

  @Test
  void responsesStandInTheOrderOfTheRequestsAndAreThoseOfOneDecoder() {
    var settings = new SamplingSettings(new Decoder.Controls(1, 1, 0), 9, Set.of());
    var requests = new ArrayList<Request>();
    for (int i = 0; i < 7; i++) {
      requests.add(new Request(new int[] {3 + i, 9, 4}, new long[] {2L * i, 2L * i + 1}));
    }
    var ended = new ArrayList<Integer>();
    try (Replicas replicas = replicas(Precision.FP32, 3)) {
      var together = new ReplicaSampler(replicas, settings).sample(requests, ended::add);
      var alone = new Sampler(replicas.first(), settings).sample(requests);

      for (int i = 0; i < requests.size(); i++) {
        for (int s = 0; s < 2; s++) {
          assertThat(together.get(i).get(s).tokens()).isEqualTo(alone.get(i).get(s).tokens());
        }
      }
    }
    assertThat(ended).isSorted().last().isEqualTo(14);
  }

  @Test
  void fewerRequestsThanReplicasLeaveSomeIdle() {
    var settings = new SamplingSettings(Decoder.Controls.GREEDY, 3, Set.of());
    try (Replicas replicas = replicas(Precision.FP32, 3)) {
      var one = List.of(new Request(new int[] {3, 9}, new long[] {1}));

      assertThat(new ReplicaSampler(replicas, settings).sample(one)).hasSize(1);
    }
  }

  @ParameterizedTest
  @EnumSource(Precision.class)
  void aStepOnTheirCommonGradientReachesAllReplicas(Precision precision) {
    TokenBatch batch = TokenBatch.of(SEQUENCES);
    float[] coefficients = new float[batch.targets().length];
    Arrays.fill(coefficients, 0.3f);
    try (Replicas replicas = replicas(precision, 2)) {
      float[] before = replicas.first().score(batch, 1, false).logProbs();
      replicas.freezeReference();
      replicas.prepareTraining();
      replicas.map(
          List.of(batch, batch),
          (decoder, b) -> {
            decoder.forward(b, 1);
            decoder.backward(coefficients, new float[0], 1);
            return decoder;
          });
      double norm = replicas.optimize(1, AdamW.of(0, 1e30), 1e-2);

      try (Decoder alone = Decoder.load(TestModels.open("f32-tied-own-head-dim"), precision, 64)) {
        alone.prepareTraining();
        for (int i = 0; i < 2; i++) {
          alone.forward(batch, 1);
          alone.backward(coefficients, new float[0], 1);
        }
        assertThat(norm).isEqualTo(alone.optimize(1, AdamW.of(0, 1e30), 1e-2));
      }
      var after =
          replicas.map(List.of(0, 1), (decoder, i) -> decoder.score(batch, 1, false).logProbs());
      assertThat(after.get(0)).isEqualTo(after.get(1)).isNotEqualTo(before);
      assertThat(
              replicas.map(List.of(0, 1), (decoder, i) -> decoder.score(batch, 1, true).logProbs()))
          .allSatisfy(reference -> assertThat(reference).isEqualTo(before));
    }
  }

  @Test
  void theFirstFailureIsThrownAfterAllWorkHasEnded() {
    var ended = new AtomicInteger();
    try (Replicas replicas = replicas(Precision.FP32, 2)) {
      assertThatThrownBy(
              () ->
                  replicas.map(
                      IntStream.range(0, 6).boxed().toList(),
                      (decoder, i) -> {
                        ended.incrementAndGet();
                        if (i % 2 == 1) {
                          throw new IllegalArgumentException("item " + i);
                        }
                        return i;
                      }))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("item 1");
    }
    assertThat(ended).hasValue(6);
  }
}
