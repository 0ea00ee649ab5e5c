package dev.apo.worker.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.apo.worker.TestModels;
import dev.apo.worker.engine.Decoder;
import dev.apo.worker.engine.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final SamplingSettings SETTINGS =
      new SamplingSettings(new Decoder.Controls(1, 1, 0), 12, Set.of());

  /** More than are sampled at once, so that slots are given to others when a response has ended. */
  private static final int RESPONSES = 300;

  @Test
  void aResponseThatEndsEarlyIsTheBeginningOfTheOneThatDoesNot() {
    try (Decoder decoder =
        Decoder.load(TestModels.open("f32-tied-own-head-dim"), Precision.FP32, 32)) {
      List<List<Response>> whole = sample(decoder, i -> Integer.MAX_VALUE);
      List<List<Response>> shorter = sample(decoder, SamplerTest::most);

      for (int i = 0; i < RESPONSES; i++) {
        int[] tokens = whole.get(i).get(0).tokens();
        assertThat(tokens).hasSize(12);
        assertThat(shorter.get(i).get(0).tokens()).isEqualTo(Arrays.copyOf(tokens, most(i)));
        assertThat(shorter.get(i).get(0).truncated()).isTrue();
      }
    }
  }

  private static int most(int i) {
    return 1 + i * 7 % 12;
  }

  private static List<List<Response>> sample(Decoder decoder, IntUnaryOperator most) {
    List<Request> requests =
        IntStream.range(0, RESPONSES)
            .mapToObj(
                i ->
                    new Request(
                        new int[] {3 + i % 5, 9, 4}, new long[] {1000L + i}, most.applyAsInt(i)))
            .toList();
    return new Sampler(decoder, SETTINGS).sample(requests);
  }
}
