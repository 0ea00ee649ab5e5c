/**
 * The API {@code apo.dev/v1alpha1}. These records are the only source of the custom resource
 * definition: defaults, bounds, descriptions and rules are annotations here. Every field is boxed,
 * {@code null} means unset; whatever has a default in the schema is set in anything that came from
 * an API server or through the manifest reader.
 */
package dev.apo.api.v1alpha1;
