/**
 * Jinja templates as the tokenizers of language models have them: Jinja's language and white space
 * rules, Python's methods of texts and dictionaries. What is not implemented is an error, never
 * another text.
 */
package dev.apo.worker.jinja;
