package dev.apo.worker.train;

import dev.apo.worker.data.Prompt;
import dev.apo.worker.engine.TokenBatch;

/**
 * One on-policy response with everything that the loss needs to know about it.
 *
 * @param truncated whether the response ran into the length limit
 * @param vStar the optimal value of its prompt; NaN if there is no estimate
 */
public record Rollout(
    Prompt prompt,
    String response,
    TokenBatch.Sequence sequence,
    boolean truncated,
    double reward,
    double vStar) {}
