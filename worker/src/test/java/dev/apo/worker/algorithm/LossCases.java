package dev.apo.worker.algorithm;

import static dev.apo.worker.Vectors.matrix;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** What the tests of losses share: padded cases without their padding, and checks of gradients. */
final class LossCases {
  static final double TOLERANCE = 1e-9;

  private LossCases() {}

  /** A padded matrix of a case without its padding. */
  static double[][] rows(JsonNode inputs, String name) {
    return unpadded(inputs, matrix(inputs.get(name)));
  }

  static double[][] unpadded(JsonNode inputs, double[][] padded) {
    double[][] mask = matrix(inputs.get("mask"));
    return IntStream.range(0, padded.length)
        .mapToObj(b -> Arrays.copyOf(padded[b], (int) Arrays.stream(mask[b]).sum()))
        .toArray(double[][]::new);
  }

  /** The sum of each row. */
  static double[] sums(double[][] rows) {
    return Arrays.stream(rows).mapToDouble(row -> Arrays.stream(row).sum()).toArray();
  }

  static Aggregation aggregation(JsonNode inputs) {
    String verl = inputs.get("loss_agg_mode").asText();
    return Aggregation.valueOf(verl.replace('-', '_').toUpperCase(Locale.ROOT));
  }

  static void assertClose(double actual, JsonNode expected) {
    assertThat(actual).isCloseTo(expected.asDouble(), within(TOLERANCE));
  }

  static void assertClose(double[] actual, double[] expected) {
    assertThat(actual).containsExactly(expected, within(TOLERANCE));
  }

  static void assertRows(double[][] actual, double[][] expected) {
    assertThat(actual.length).isEqualTo(expected.length);
    for (int b = 0; b < expected.length; b++) {
      assertClose(actual[b], expected[b]);
    }
  }

  /** Against central differences in every direction. */
  static void assertGradient(
      ToDoubleFunction<double[][]> loss, double[][] at, double[][] gradient) {
    double step = 1e-6;
    for (int b = 0; b < at.length; b++) {
      for (int t = 0; t < at[b].length; t++) {
        double slope =
            (loss.applyAsDouble(moved(at, b, t, step)) - loss.applyAsDouble(moved(at, b, t, -step)))
                / (2 * step);
        assertThat(gradient[b][t]).isCloseTo(slope, within(1e-6 * Math.max(1, Math.abs(slope))));
      }
    }
  }

  private static double[][] moved(double[][] at, int b, int t, double step) {
    double[][] moved = Arrays.stream(at).map(double[]::clone).toArray(double[][]::new);
    moved[b][t] += step;
    return moved;
  }

  /** The same responses at other log-probs. */
  static LossBatch at(LossBatch batch, double[][] logProbs) {
    return new LossBatch(batch.miniBatch(), logProbs, batch.rollouts(), batch.targets());
  }

  /** Loss, gradient and metrics of a mini-batch are those of its micro-batches together. */
  static void assertPartsAddUp(Loss loss, LossBatch whole, int[]... parts) {
    LossResult expected = loss.compute(whole);
    double sum = 0;
    Map<String, Double> shares = new HashMap<>();
    for (int[] part : parts) {
      LossResult result =
          loss.compute(
              new LossBatch(
                  whole.miniBatch(),
                  Rows.of(whole.logProbs(), part),
                  whole.rollouts().rows(part),
                  whole.targets().rows(part)));
      sum += result.loss();
      result.shares().forEach((key, share) -> shares.merge(key, share, Double::sum));
      assertRows(result.gradient(), Rows.of(expected.gradient(), part));
    }
    assertThat(sum).isCloseTo(expected.loss(), within(TOLERANCE));
    assertThat(shares.keySet()).isEqualTo(expected.shares().keySet());
    shares.forEach(
        (key, share) ->
            assertThat(share).as(key).isCloseTo(expected.shares().get(key), within(TOLERANCE)));
  }
}
