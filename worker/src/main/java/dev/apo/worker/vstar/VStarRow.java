package dev.apo.worker.vstar;

import java.util.List;
import java.util.Objects;

/**
 * One prompt of the V* table with its samples.
 *
 * @param row the prompt's number in the training data, from 0
 * @param samples in the order in which they were drawn
 */
public record VStarRow(int row, String prompt, String answer, List<Sample> samples) {
  public VStarRow {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(answer, "answer");
    samples = List.copyOf(samples);
  }
}
