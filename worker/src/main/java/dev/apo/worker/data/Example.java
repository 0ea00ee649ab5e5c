package dev.apo.worker.data;

/**
 * One row of a data set as the program uses it.
 *
 * @param row its index among all rows, from 0, whatever the limit
 * @param place where it is, for messages: file and line
 * @param prompt the text that the model is given, template applied
 * @param answer what the reward compares responses with
 */
public record Example(int row, String place, String prompt, String answer) {}
