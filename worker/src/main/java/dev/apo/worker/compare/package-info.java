/** Runs of the same task beside each other: what each algorithm takes, and what it comes to. */
package dev.apo.worker.compare;
