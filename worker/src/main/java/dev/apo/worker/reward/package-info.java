/** Scores responses. One scorer object serves estimation, training and evaluation. */
package dev.apo.worker.reward;
