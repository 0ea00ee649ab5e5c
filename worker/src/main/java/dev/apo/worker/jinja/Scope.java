package dev.apo.worker.jinja;

import java.util.HashMap;
import java.util.Map;

/**
 * Variables. Loops and macros have a scope of their own: what they set is gone behind them.
 *
 * @param parent where other names are looked up; null at the top
 */
record Scope(Map<String, Object> variables, Scope parent, Limits limits) {

  Scope inner() {
    return new Scope(new HashMap<>(), this, limits);
  }

  Object get(String name) {
    for (Scope scope = this; scope != null; scope = scope.parent) {
      if (scope.variables.containsKey(name)) {
        return scope.variables.get(name);
      }
    }
    return new Undefined(name);
  }

  void set(String name, Object value) {
    variables.put(name, value);
  }
}
