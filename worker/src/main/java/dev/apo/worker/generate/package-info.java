/** Makes data for tasks whose answers can be checked, from a seed alone. */
package dev.apo.worker.generate;
