/**
 * A run from its manifest to its artifacts: what is opened and checked, and the stages in their
 * order.
 */
package dev.apo.worker.run;
