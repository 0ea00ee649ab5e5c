package dev.apo.worker.sampling;

import dev.apo.worker.engine.Decoder;
import java.util.Set;

/**
 * How responses are sampled.
 *
 * @param maxNewTokens longest response, in tokens
 * @param eosIds tokens that end one
 */
public record SamplingSettings(Decoder.Controls controls, int maxNewTokens, Set<Integer> eosIds) {}
