package dev.apo.worker.reward;

import java.util.List;

/** A reward that looks at one response at a time, here, in microseconds. */
interface LocalReward extends Reward {
  double score(Candidate candidate);

  @Override
  default double[] score(List<Candidate> candidates) {
    return candidates.stream().mapToDouble(this::score).toArray();
  }
}
