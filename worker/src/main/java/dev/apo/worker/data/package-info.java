/** Reads data sets into examples, and decides which examples a training step sees. */
package dev.apo.worker.data;
