package dev.apo.worker.data;

/**
 * An example as the model reads it.
 *
 * @param row index of its row in the data
 * @param text the rendered prompt
 * @param answer what rewards are scored against
 * @param tokens the prompt's token ids
 */
public record Prompt(int row, String text, String answer, int[] tokens) {}
