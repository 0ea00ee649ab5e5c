/** The run's page: one self-contained HTML file, made of the run's artifacts. */
package dev.apo.worker.report;
