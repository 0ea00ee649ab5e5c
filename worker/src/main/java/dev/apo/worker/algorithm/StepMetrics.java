package dev.apo.worker.algorithm;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Gathers the metrics of one training step from its micro-batches. Not thread-safe. */
public final class StepMetrics {
  private final Map<String, Double> shares = new LinkedHashMap<>();
  private final Map<String, Double> figures = new LinkedHashMap<>();
  private final Map<String, double[]> perSequence = new LinkedHashMap<>();

  /** Adds what a loss made of one micro-batch. */
  public void add(LossResult result) {
    result.shares().forEach((key, share) -> shares.merge(key, share, Double::sum));
    result.perSequence().forEach(this::add);
  }

  /** Adds what a loss made of the step's rollout batch. */
  public void add(Targets targets) {
    figures.putAll(targets.figures());
    targets.distributions().forEach(this::add);
  }

  /** Adds a figure of the step's rollout batch. */
  public void add(String key, double figure) {
    figures.put(key, figure);
  }

  /** Adds one figure per response, e.g. {@code critic/rewards} or {@code response_length}. */
  public void add(String key, double[] figures) {
    perSequence.merge(key, figures, StepMetrics::concat);
  }

  /**
   * The step's metrics by key: {@code key/mean}, {@code key/max}, {@code key/min} and {@code
   * key/p95} of what was given per sequence, the figures of the rollout batch, and the mean over
   * the mini-batches of the rest.
   *
   * @param miniBatches the number of optimiser steps of this training step
   */
  public SortedMap<String, Double> summary(int miniBatches) {
    SortedMap<String, Double> summary = new TreeMap<>(figures);
    shares.forEach((key, sum) -> summary.put(key, sum / miniBatches));
    perSequence.forEach((key, figures) -> summarise(key, figures, summary));
    return summary;
  }

  private static void summarise(String key, double[] figures, Map<String, Double> summary) {
    if (figures.length == 0) {
      return;
    }
    double[] sorted = figures.clone();
    Arrays.sort(sorted);
    int last = sorted.length - 1;
    summary.put(key + "/mean", Arrays.stream(figures).sum() / figures.length);
    summary.put(key + "/min", sorted[0]);
    summary.put(key + "/max", sorted[last]);
    // The nearest rank: a figure that occurred, also in a small batch.
    summary.put(key + "/p95", sorted[(int) Math.ceil(0.95 * sorted.length) - 1]);
  }

  private static double[] concat(double[] head, double[] tail) {
    double[] both = Arrays.copyOf(head, head.length + tail.length);
    System.arraycopy(tail, 0, both, head.length, tail.length);
    return both;
  }
}
