/** Models packaged as GGUF: one file of weights, sizes and tokenizer, often quantised. */
package dev.apo.worker.gguf;
