package dev.apo.worker.algorithm;

import java.util.Map;

/**
 * What a loss makes of one micro-batch.
 *
 * @param loss the micro-batch's share in the loss of its mini-batch
 * @param gradient [B'][T_b] the loss differentiated with respect to the policy's log-probs, or a
 *     critic's values
 * @param shares figures whose sum over the micro-batches is the mini-batch's figure, by metric key
 * @param perSequence figures of each response or pair, by metric key, for their mean, maximum and
 *     minimum over a step
 */
public record LossResult(
    double loss,
    double[][] gradient,
    Map<String, Double> shares,
    Map<String, double[]> perSequence) {}
