/** Pages: self-contained HTML files, such as a run's, made of its artifacts. */
package dev.apo.worker.report;
