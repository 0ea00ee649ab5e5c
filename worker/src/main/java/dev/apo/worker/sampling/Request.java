package dev.apo.worker.sampling;

/**
 * A prompt to answer, once for each seed.
 *
 * @param prompt token ids, at least one
 * @param seeds one per response; a response depends on its seed and the model alone
 */
public record Request(int[] prompt, long[] seeds) {}
