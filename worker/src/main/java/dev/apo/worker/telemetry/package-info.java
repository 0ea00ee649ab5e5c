/**
 * What people look at while a run goes on and after it: progress on the terminal, a status server,
 * the metrics of every step.
 */
package dev.apo.worker.telemetry;
