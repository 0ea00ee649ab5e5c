package dev.apo.worker.train;

import dev.apo.worker.engine.TokenBatch;

/**
 * One on-policy response with everything that the loss needs to know about it.
 *
 * @param row index of the prompt's row in the data file
 * @param truncated whether the response ran into the length limit
 */
public record Rollout(
    int row,
    String prompt,
    String response,
    TokenBatch.Sequence sequence,
    boolean truncated,
    double reward,
    double vStar) {}
