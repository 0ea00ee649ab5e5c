/** Models and data from the Hugging Face hub, or a server with the same layout. */
package dev.apo.worker.hub;
