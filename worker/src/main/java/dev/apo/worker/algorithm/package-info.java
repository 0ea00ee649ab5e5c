/**
 * The mathematics of training, in plain double precision: value estimates, losses and their
 * gradients, schedules. Nothing here knows the engine.
 */
package dev.apo.worker.algorithm;
