package dev.apo.worker.jinja;

import java.util.List;
import java.util.Map;

/** What may follow {@code is}. */
final class Tests {
  private static final Map<String, Test> ALL =
      Map.ofEntries(
          Map.entry("defined", (v, a) -> !(v instanceof Undefined)),
          Map.entry("undefined", (v, a) -> v instanceof Undefined),
          Map.entry("none", (v, a) -> v == null),
          Map.entry("boolean", (v, a) -> v instanceof Boolean),
          Map.entry("true", (v, a) -> Boolean.TRUE.equals(v)),
          Map.entry("false", (v, a) -> Boolean.FALSE.equals(v)),
          Map.entry("string", (v, a) -> v instanceof String),
          Map.entry("number", (v, a) -> Values.isNumber(v)),
          Map.entry("integer", (v, a) -> v instanceof Long),
          Map.entry("float", (v, a) -> v instanceof Double),
          Map.entry("mapping", (v, a) -> v instanceof Map),
          Map.entry("sequence", (v, a) -> hasItems(v)),
          Map.entry("iterable", (v, a) -> hasItems(v)),
          Map.entry("callable", (v, a) -> v instanceof Callable),
          Map.entry("odd", (v, a) -> Values.arithmetic("%", v, 2L).equals(1L)),
          Map.entry("even", (v, a) -> Values.arithmetic("%", v, 2L).equals(0L)),
          Map.entry("equalto", (v, a) -> Values.equal(v, a.get(0, "other"))),
          Map.entry("eq", (v, a) -> Values.equal(v, a.get(0, "other"))),
          Map.entry("ne", (v, a) -> !Values.equal(v, a.get(0, "other"))),
          Map.entry("in", (v, a) -> Values.contains(a.get(0, "seq"), v)));

  private Tests() {}

  @FunctionalInterface
  interface Test {
    boolean holds(Object value, Arguments arguments);
  }

  /** The test of a name, or null. */
  static Test named(String name) {
    return ALL.get(name);
  }

  private static boolean hasItems(Object value) {
    return value instanceof String
        || value instanceof List
        || value instanceof Map
        || value instanceof Undefined;
  }
}
