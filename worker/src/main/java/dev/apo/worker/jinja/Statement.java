package dev.apo.worker.jinja;

/** A part of a template that writes text or sets variables. */
@FunctionalInterface
interface Statement {
  /** How a loop goes on. */
  enum Flow {
    NEXT,
    CONTINUE,
    BREAK
  }

  Flow run(Scope scope, StringBuilder out);
}
