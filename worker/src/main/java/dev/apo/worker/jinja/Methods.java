package dev.apo.worker.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's methods of texts and dictionaries, as far as they change nothing. */
final class Methods {
  private static final Pattern SPACE = Pattern.compile("\\s+", Pattern.UNICODE_CHARACTER_CLASS);

  private Methods() {}

  /** A method bound to its value; null if there is none of this name. */
  static Callable of(Object value, String name) {
    if (value instanceof String text) {
      return ofText(text, name);
    }
    return value instanceof Map<?, ?> map ? ofMap(map, name) : null;
  }

  private static Callable ofMap(Map<?, ?> map, String name) {
    return switch (name) {
      case "items" ->
          a ->
              map.entrySet().stream()
                  .map(e -> (Object) Arrays.asList(e.getKey(), e.getValue()))
                  .toList();
      case "keys" -> a -> new ArrayList<Object>(map.keySet());
      case "values" -> a -> new ArrayList<Object>(map.values());
      case "get" ->
          a ->
              map.containsKey(a.get(0, "key"))
                  ? map.get(a.get(0, "key"))
                  : a.get(1, "default", null);
      default -> null;
    };
  }

  private static Callable ofText(String text, String name) {
    return switch (name) {
      case "strip" -> a -> strip(text, a, true, true);
      case "lstrip" -> a -> strip(text, a, true, false);
      case "rstrip" -> a -> strip(text, a, false, true);
      case "startswith" -> a -> any(a, text::startsWith);
      case "endswith" -> a -> any(a, text::endsWith);
      case "split" -> a -> split(text, a.only("sep", "maxsplit"));
      case "splitlines" -> a -> List.copyOf(text.lines().toList());
      case "replace" -> a -> replace(text, a.only("old", "new"));
      case "upper" -> a -> text.toUpperCase(Locale.ROOT);
      case "lower" -> a -> text.toLowerCase(Locale.ROOT);
      case "capitalize" -> a -> capitalize(text);
      case "title" -> a -> title(text);
      case "find" -> a -> (long) text.indexOf(a.text(0, "sub"));
      case "join" -> a -> join(text, a.get(0, "iterable"));
      default -> null;
    };
  }

  static String strip(String text, Arguments a, boolean left, boolean right) {
    String characters = a.get(0, "chars", null) == null ? null : a.text(0, "chars");
    int from = 0;
    int to = text.length();
    while (left && from < to && goes(text.charAt(from), characters)) {
      from++;
    }
    while (right && to > from && goes(text.charAt(to - 1), characters)) {
      to--;
    }
    return text.substring(from, to);
  }

  private static boolean goes(char c, String characters) {
    // Java does not count no-break spaces as white space, Python does.
    return characters == null
        ? Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085'
        : characters.indexOf(c) >= 0;
  }

  private static boolean any(Arguments a, Predicate<String> test) {
    return a.only("affix").get(0, "affix") instanceof List<?> several
        ? several.stream().map(Values::text).anyMatch(test)
        : test.test(a.text(0, "affix"));
  }

  private static List<Object> split(String text, Arguments a) {
    long most = a.get(1, "maxsplit", -1L) instanceof Long limit ? limit : -1;
    int limit = most < 0 ? -1 : (int) Math.min(most, Integer.MAX_VALUE - 1) + 1;
    if (a.get(0, "sep", null) == null) {
      String stripped = strip(text, Arguments.NONE, true, true);
      return stripped.isEmpty() ? List.of() : List.of((Object[]) SPACE.split(stripped, limit));
    }
    String separator = a.text(0, "sep");
    if (separator.isEmpty()) {
      throw new TemplateException("the separator of split is empty");
    }
    return List.of((Object[]) Pattern.compile(separator, Pattern.LITERAL).split(text, limit));
  }

  static String replace(String text, Arguments a) {
    String result = text.replace(a.text(0, "old"), a.text(1, "new"));
    Limits.checkLength(result.length());
    return result;
  }

  static String capitalize(String text) {
    int first = text.isEmpty() ? 0 : text.offsetByCodePoints(0, 1);
    return text.substring(0, first).toUpperCase(Locale.ROOT)
        + text.substring(first).toLowerCase(Locale.ROOT);
  }

  private static String title(String text) {
    return Pattern.compile("\\p{L}+")
        .matcher(text)
        .replaceAll(word -> Matcher.quoteReplacement(capitalize(word.group())));
  }

  static String join(String separator, Object items) {
    List<String> texts = Values.items(items).stream().map(Values::text).toList();
    long length = 0;
    for (String text : texts) {
      length += text.length() + separator.length();
    }
    Limits.checkLength(length);
    return String.join(separator, texts);
  }
}
