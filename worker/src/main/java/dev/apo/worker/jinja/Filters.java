package dev.apo.worker.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/** What may follow {@code |}. */
final class Filters {
  private static final Map<String, Filter> ALL =
      Map.ofEntries(
          Map.entry("trim", (v, a) -> Methods.strip(Values.text(v), a.only("chars"), true, true)),
          Map.entry("length", (v, a) -> Values.length(v)),
          Map.entry("count", (v, a) -> Values.length(v)),
          Map.entry("string", (v, a) -> Values.text(v)),
          Map.entry("safe", (v, a) -> v),
          Map.entry("upper", (v, a) -> Values.text(v).toUpperCase(Locale.ROOT)),
          Map.entry("lower", (v, a) -> Values.text(v).toLowerCase(Locale.ROOT)),
          Map.entry("capitalize", (v, a) -> Methods.capitalize(Values.text(v))),
          Map.entry("replace", (v, a) -> Methods.replace(Values.text(v), a.only("old", "new"))),
          Map.entry("join", (v, a) -> join(v, a.only("d"))),
          Map.entry("tojson", (v, a) -> Json.of(v, a)),
          Map.entry("default", Filters::orDefault),
          Map.entry("d", Filters::orDefault),
          Map.entry("list", (v, a) -> new ArrayList<Object>(Values.items(v))),
          Map.entry("first", (v, a) -> Values.item(Values.items(v), 0L)),
          Map.entry("last", (v, a) -> Values.item(Values.items(v), -1L)),
          Map.entry("reverse", (v, a) -> Values.slice(v, null, null, -1L)),
          Map.entry("items", (v, a) -> entries(v)),
          Map.entry("dictsort", (v, a) -> sorted(entries(v), a.only())),
          Map.entry("int", (v, a) -> whole(v, a.only("default"))),
          Map.entry("map", Filters::map),
          Map.entry("select", (v, a) -> chosen(v, predicate(a), true)),
          Map.entry("reject", (v, a) -> chosen(v, predicate(a), false)),
          Map.entry("selectattr", (v, a) -> chosen(v, ofAttribute(a), true)),
          Map.entry("rejectattr", (v, a) -> chosen(v, ofAttribute(a), false)));

  private Filters() {}

  @FunctionalInterface
  interface Filter {
    Object apply(Object value, Arguments arguments);
  }

  /** The filter of a name, or null. */
  static Filter named(String name) {
    return ALL.get(name);
  }

  private static Object orDefault(Object value, Arguments a) {
    Object otherwise = a.only("default_value", "boolean").get(0, "default_value", "");
    boolean falseToo = Values.isTrue(a.get(1, "boolean", false));
    return value instanceof Undefined || falseToo && !Values.isTrue(value) ? otherwise : value;
  }

  private static String join(Object value, Arguments a) {
    return Methods.join(a.has(0, "d") ? a.text(0, "d") : "", value);
  }

  private static List<Object> entries(Object value) {
    if (value instanceof Undefined) {
      return List.of();
    }
    if (!(value instanceof Map<?, ?> map)) {
      throw new TemplateException(Values.kind(value) + " has no entries");
    }
    var entries = new ArrayList<Object>();
    map.forEach((key, item) -> entries.add(Arrays.asList(key, item)));
    return entries;
  }

  private static List<Object> sorted(List<Object> entries, Arguments a) {
    var sorted = new ArrayList<>(entries);
    // As Jinja does it: capital letters count as small ones.
    Comparator<Object> byKey = (x, y) -> Values.compare(key((List<?>) x), key((List<?>) y));
    Collections.sort(sorted, byKey);
    return sorted;
  }

  private static Object key(List<?> entry) {
    return entry.get(0) instanceof String text ? text.toLowerCase(Locale.ROOT) : entry.get(0);
  }

  private static Object whole(Object value, Arguments a) {
    if (Values.isNumber(value)) {
      return (long) Values.number(value);
    }
    try {
      return Long.parseLong(Values.text(value).strip());
    } catch (NumberFormatException e) {
      return a.get(0, "default", 0L);
    }
  }

  private static Object map(Object value, Arguments a) {
    var results = new ArrayList<Object>();
    if (a.named().containsKey("attribute")) {
      String name = a.only("filter", "attribute").text(1, "attribute");
      Values.items(value).forEach(item -> results.add(Values.item(item, name)));
      return results;
    }
    Filter filter = named(a.text(0, "filter"));
    if (filter == null) {
      throw new TemplateException("the filter " + a.text(0, "filter") + " is not supported");
    }
    Values.items(value).forEach(item -> results.add(filter.apply(item, a.from(1))));
    return results;
  }

  private static List<Object> chosen(Object value, Predicate<Object> which, boolean kept) {
    var chosen = new ArrayList<Object>();
    for (Object item : Values.items(value)) {
      if (which.test(item) == kept) {
        chosen.add(item);
      }
    }
    return chosen;
  }

  private static Predicate<Object> ofAttribute(Arguments a) {
    String name = a.text(0, "attribute");
    var test = predicate(a.from(1));
    return item -> test.test(Values.item(item, name));
  }

  private static Predicate<Object> predicate(Arguments a) {
    if (a.positional().isEmpty()) {
      return Values::isTrue;
    }
    Tests.Test test = Tests.named(a.text(0, "test"));
    if (test == null) {
      throw new TemplateException("the test " + a.text(0, "test") + " is not supported");
    }
    return item -> test.holds(item, a.from(1));
  }
}
