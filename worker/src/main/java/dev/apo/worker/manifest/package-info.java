/**
 * Reads manifests. The schema and the rules are those of the custom resource definition, read from
 * the API's jar, so that there is one source of what a valid manifest is.
 */
package dev.apo.worker.manifest;
