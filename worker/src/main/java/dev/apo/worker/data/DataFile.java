package dev.apo.worker.data;

import java.nio.file.Path;

/**
 * A data file on the local disk.
 *
 * @param name what people call it: its address, where the file is a copy
 */
public record DataFile(String name, Path path) {}
