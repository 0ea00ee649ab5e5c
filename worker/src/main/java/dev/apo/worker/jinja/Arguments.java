package dev.apo.worker.jinja;

import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a function, filter or test is called with. */
record Arguments(List<Object> positional, Map<String, Object> named) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  /** The argument at a place or of a name, or a default. */
  Object get(int place, String name, Object otherwise) {
    if (place < positional.size()) {
      return positional.get(place);
    }
    return named.containsKey(name) ? named.get(name) : otherwise;
  }

  Object get(int place, String name) {
    if (place >= positional.size() && !named.containsKey(name)) {
      throw new TemplateException("the argument " + name + " is missing");
    }
    return get(place, name, null);
  }

  String text(int place, String name) {
    if (get(place, name) instanceof String text) {
      return text;
    }
    throw new TemplateException("the argument " + name + " must be text");
  }

  boolean has(int place, String name) {
    return place < positional.size() || named.containsKey(name);
  }

  /** Refuses arguments that would be ignored. */
  Arguments only(String... names) {
    if (positional.size() > names.length) {
      throw new TemplateException("takes at most " + names.length + " arguments");
    }
    for (String name : named.keySet()) {
      if (!Set.of(names).contains(name)) {
        throw new TemplateException("there is no argument " + name);
      }
    }
    return this;
  }

  /** The arguments by name, which may have any. */
  Map<String, Object> variables() {
    if (!positional.isEmpty()) {
      throw new TemplateException("takes arguments by name only");
    }
    return named;
  }

  Arguments from(int place) {
    return new Arguments(
        positional.subList(Math.min(place, positional.size()), positional.size()), named);
  }
}
