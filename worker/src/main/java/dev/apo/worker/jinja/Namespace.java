package dev.apo.worker.jinja;

import java.util.HashMap;
import java.util.Map;

/** Variables that a loop may change for what comes after it: {@code namespace()}. */
record Namespace(Map<String, Object> variables) {
  static Namespace of(Arguments arguments) {
    return new Namespace(new HashMap<>(arguments.variables()));
  }
}
