package dev.apo.worker.jinja;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Python's rules for values: texts, whole numbers as {@link Long}, {@link Double}, {@link Boolean},
 * {@link List}, {@link Map}, null for {@code none}, {@link Undefined}.
 */
final class Values {
  private Values() {}

  static boolean isTrue(Object value) {
    if (value == null || value instanceof Undefined) {
      return false;
    }
    if (value instanceof Boolean bool) {
      return bool;
    }
    if (value instanceof Number number) {
      return number.doubleValue() != 0;
    }
    boolean sized = value instanceof String || value instanceof List || value instanceof Map;
    return !sized || length(value) > 0;
  }

  static long length(Object value) {
    if (value instanceof String text) {
      return text.codePointCount(0, text.length());
    }
    if (value instanceof List<?> list) {
      return list.size();
    }
    if (value instanceof Map<?, ?> map) {
      return map.size();
    }
    if (value instanceof Undefined) {
      return 0;
    }
    throw new TemplateException(kind(value) + " has no length");
  }

  /** The text that is printed for a value. */
  static String text(Object value) {
    if (value == null) {
      return "None";
    }
    if (value instanceof String text) {
      return text;
    }
    if (value instanceof Undefined) {
      return "";
    }
    if (value instanceof Boolean bool) {
      return bool ? "True" : "False";
    }
    if (value instanceof Long) {
      return value.toString();
    }
    if (value instanceof Double number && Math.abs(number) < 1e15 && Math.abs(number) >= 1e-4) {
      String plain = new BigDecimal(number.toString()).toPlainString();
      return plain.contains(".") ? plain : plain + ".0";
    }
    throw new TemplateException("printing " + kind(value) + " is not supported");
  }

  static boolean equal(Object a, Object b) {
    if (isNumber(a) && isNumber(b)) {
      return number(a) == number(b);
    }
    if (a instanceof List<?> x && b instanceof List<?> y) {
      if (x.size() != y.size()) {
        return false;
      }
      for (int i = 0; i < x.size(); i++) {
        if (!equal(x.get(i), y.get(i))) {
          return false;
        }
      }
      return true;
    }
    if (a instanceof Undefined || b instanceof Undefined) {
      return a instanceof Undefined && b instanceof Undefined;
    }
    return a == null ? b == null : a.equals(b);
  }

  static int compare(Object a, Object b) {
    if (a instanceof String x && b instanceof String y) {
      return x.compareTo(y);
    }
    if (isNumber(a) && isNumber(b)) {
      return Double.compare(number(a), number(b));
    }
    throw new TemplateException(kind(a) + " and " + kind(b) + " have no order");
  }

  static boolean contains(Object whole, Object part) {
    if (whole instanceof String text) {
      if (part instanceof String piece) {
        return text.contains(piece);
      }
      throw new TemplateException("a text cannot contain " + kind(part));
    }
    return items(whole).stream().anyMatch(item -> equal(item, part));
  }

  /** What a loop goes through. */
  static List<?> items(Object value) {
    if (value instanceof List<?> list) {
      return list;
    }
    if (value instanceof Map<?, ?> map) {
      return List.copyOf(map.keySet());
    }
    if (value instanceof String text) {
      return text.codePoints().mapToObj(Character::toString).toList();
    }
    if (value instanceof Undefined) {
      return List.of();
    }
    throw new TemplateException(kind(value) + " has no items");
  }

  static Object add(Object a, Object b) {
    if (a instanceof String x && b instanceof String y) {
      Limits.checkLength((long) x.length() + y.length());
      return x + y;
    }
    if (a instanceof List<?> x && b instanceof List<?> y) {
      var both = new ArrayList<Object>(x);
      both.addAll(y);
      return both;
    }
    return arithmetic("+", a, b);
  }

  static Object arithmetic(String operator, Object a, Object b) {
    if (operator.equals("*") && a instanceof String text && b instanceof Long times) {
      Limits.checkLength(text.length() * Math.max(0, Math.min(times, Integer.MAX_VALUE)));
      return text.repeat((int) Math.max(0, times));
    }
    if (!isNumber(a) || !isNumber(b)) {
      throw new TemplateException(kind(a) + " " + operator + " " + kind(b) + " is not possible");
    }
    try {
      return a instanceof Double || b instanceof Double || operator.equals("/")
          ? arithmetic(operator, number(a), number(b))
          : arithmetic(operator, whole(a), whole(b));
    } catch (ArithmeticException e) {
      throw new TemplateException(e.getMessage());
    }
  }

  private static Object arithmetic(String operator, long a, long b) {
    return switch (operator) {
      case "+" -> Math.addExact(a, b);
      case "-" -> Math.subtractExact(a, b);
      case "*" -> Math.multiplyExact(a, b);
      case "//" -> Math.floorDiv(a, b);
      default -> Math.floorMod(a, b);
    };
  }

  private static Object arithmetic(String operator, double a, double b) {
    if (b == 0 && (operator.equals("/") || operator.equals("//") || operator.equals("%"))) {
      throw new TemplateException("division by zero");
    }
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / b;
      case "//" -> Math.floor(a / b);
      default -> a - Math.floor(a / b) * b;
    };
  }

  private static long whole(Object value) {
    return value instanceof Long number ? number : (long) number(value);
  }

  static boolean isNumber(Object value) {
    return value instanceof Long || value instanceof Double || value instanceof Boolean;
  }

  static double number(Object value) {
    return value instanceof Boolean bool ? (bool ? 1 : 0) : ((Number) value).doubleValue();
  }

  /** {@code value.name}: a method, else an item. */
  static Object attribute(Object value, String name) {
    if (value instanceof Namespace namespace) {
      Map<String, Object> variables = namespace.variables();
      return variables.containsKey(name) ? variables.get(name) : new Undefined(name);
    }
    Callable method = Methods.of(value, name);
    return method != null ? method : item(value, name);
  }

  /** {@code value[key]}, undefined if there is none. */
  static Object item(Object value, Object key) {
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    if (value instanceof Map<?, ?> map) {
      return map.containsKey(key) ? map.get(key) : new Undefined(String.valueOf(key));
    }
    if (key instanceof Long index && (value instanceof List || value instanceof String)) {
      List<?> items = items(value);
      long place = index < 0 ? index + items.size() : index;
      return place >= 0 && place < items.size()
          ? items.get((int) place)
          : new Undefined("item " + index);
    }
    return new Undefined(String.valueOf(key));
  }

  /** {@code value[start:stop:step]} with Python's rules; null stands for a bound left out. */
  static Object slice(Object value, Long start, Long stop, Long step) {
    if (!(value instanceof List || value instanceof String)) {
      throw new TemplateException(kind(value) + " has no slices");
    }
    List<?> items = items(value);
    long stride = step == null ? 1 : step;
    if (stride == 0) {
      throw new TemplateException("the step of a slice is 0");
    }
    int size = items.size();
    long low = stride > 0 ? 0 : -1;
    long high = stride > 0 ? size : size - 1L;
    long from = start == null ? (stride > 0 ? low : high) : bound(start, size, low, high);
    long to = stop == null ? (stride > 0 ? high : low) : bound(stop, size, low, high);
    var part = new ArrayList<Object>();
    for (long i = from; stride > 0 ? i < to : i > to; i += stride) {
      part.add(items.get((int) i));
    }
    return value instanceof String
        ? part.stream().map(String.class::cast).reduce("", String::concat)
        : part;
  }

  private static long bound(long index, int size, long low, long high) {
    return Math.max(low, Math.min(high, index < 0 ? index + size : index));
  }

  static String kind(Object value) {
    if (value == null) {
      return "none";
    }
    if (value instanceof Undefined undefined) {
      return "undefined " + undefined.what();
    }
    return value instanceof String
        ? "text"
        : value instanceof List
            ? "a list"
            : value instanceof Map ? "a dictionary" : isNumber(value) ? "a number" : "a function";
  }
}
