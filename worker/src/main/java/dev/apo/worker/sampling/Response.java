package dev.apo.worker.sampling;

/**
 * A sampled response.
 *
 * @param tokens ids up to and including the first end-of-sequence token
 * @param truncated whether it ran into the limit before it ended
 */
public record Response(int[] tokens, boolean truncated) {}
