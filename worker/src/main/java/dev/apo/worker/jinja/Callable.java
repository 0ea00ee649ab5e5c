package dev.apo.worker.jinja;

/** A function or macro, or a method of a value. */
@FunctionalInterface
interface Callable {
  Object call(Arguments arguments);
}
