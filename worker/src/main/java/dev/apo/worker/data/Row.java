package dev.apo.worker.data;

import java.util.Map;

/**
 * One row of a data file, whatever its format.
 *
 * @param index its index among the rows of the file, from 0
 * @param place where it is, for messages: file and line
 * @param fields its columns in file order; numbers as {@link Number}, a nested value as whatever
 *     the format has
 */
public record Row(int index, String place, Map<String, Object> fields) {}
