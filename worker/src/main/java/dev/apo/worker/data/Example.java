package dev.apo.worker.data;

/**
 * One row of a data set as the program uses it.
 *
 * @param row its index among all rows, from 0, whatever the limit
 * @param place where it is, for messages: file and line
 * @param prompt the text around the question, {@code spec.data.template} applied
 * @param answer what the reward compares responses with
 */
public record Example(int row, String place, String prompt, String answer) {}
