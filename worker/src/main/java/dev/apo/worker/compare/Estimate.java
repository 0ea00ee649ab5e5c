package dev.apo.worker.compare;

import java.util.Arrays;
import java.util.Locale;
import org.hipparchus.distribution.continuous.TDistribution;

/**
 * A mean over seeds, with its 95 % confidence interval: mean ± t(0.975, n − 1) · s / √n, where s is
 * the standard deviation of the sample (Student, 1908).
 *
 * @param halfWidth of the interval; null for fewer than two values
 */
record Estimate(double mean, Double halfWidth) {
  private static final double UPPER = 0.975;

  /** Null if there is no value, or one of them is not known. */
  static Estimate of(Double... values) {
    if (values.length == 0 || Arrays.asList(values).contains(null)) {
      return null;
    }
    double mean = Arrays.stream(values).mapToDouble(v -> v).average().orElseThrow();
    int n = values.length;
    if (n < 2) {
      return new Estimate(mean, null);
    }
    double squares = Arrays.stream(values).mapToDouble(v -> (v - mean) * (v - mean)).sum();
    double deviation = Math.sqrt(squares / (n - 1));
    double t = new TDistribution(n - 1).inverseCumulativeProbability(UPPER);
    return new Estimate(mean, t * deviation / Math.sqrt(n));
  }

  /** E.g. {@code 0.944 ± 0.006}. */
  String inWords(int decimals) {
    String number = "%,." + decimals + "f";
    String text = String.format(Locale.ROOT, number, mean);
    return halfWidth == null ? text : text + String.format(Locale.ROOT, " ± " + number, halfWidth);
  }
}
