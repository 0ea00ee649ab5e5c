package dev.apo.worker.jinja;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A template, ready to be rendered any number of times, by several threads at once. */
public final class Template {
  private static final long MAX_RANGE = 100_000;

  private final Statement body;

  private Template(Statement body) {
    this.body = body;
  }

  /**
   * Reads a template.
   *
   * @throws TemplateException naming the line, if it is none or uses what is not implemented
   */
  public static Template parse(String source) {
    try {
      return new Template(StatementParser.parse(source));
    } catch (StackOverflowError e) {
      throw tooDeep();
    }
  }

  /** A function that templates may call with texts. */
  @FunctionalInterface
  public interface TextFunction {
    Object call(String argument);
  }

  /**
   * @param variables texts, {@link Boolean}, {@link Long}, lists, maps, null for {@code none}
   * @param functions functions of one text
   * @throws TemplateException naming the line, if the template raises an exception or does what is
   *     not possible
   */
  public String render(Map<String, ?> variables, Map<String, TextFunction> functions) {
    var all = new HashMap<String, Object>(variables);
    all.put("namespace", (Callable) Namespace::of);
    all.put("range", (Callable) Template::range);
    all.put("dict", (Callable) a -> new LinkedHashMap<Object, Object>(a.variables()));
    functions.forEach(
        (name, function) ->
            all.put(name, (Callable) a -> function.call(a.only("text").text(0, "text"))));
    var out = new StringBuilder();
    try {
      body.run(new Scope(all, null, new Limits()).inner(), out);
    } catch (StackOverflowError e) {
      throw tooDeep();
    }
    return out.toString();
  }

  /** What {@code raise_exception} does. */
  public static Object raise(String message) {
    throw new TemplateException(message);
  }

  private static List<Object> range(Arguments a) {
    long[] bounds = new long[3];
    for (int i = 0; i < a.only("a", "b", "c").positional().size(); i++) {
      if (!(a.positional().get(i) instanceof Long bound)) {
        throw new TemplateException("range takes whole numbers");
      }
      bounds[i] = bound;
    }
    int given = a.positional().size();
    long from = given > 1 ? bounds[0] : 0;
    long to = given > 1 ? bounds[1] : bounds[0];
    long step = given > 2 ? bounds[2] : 1;
    if (step == 0 || Math.abs((double) to - from) / Math.abs((double) step) > MAX_RANGE) {
      throw new TemplateException("range goes through more than " + MAX_RANGE + " numbers");
    }
    var numbers = new ArrayList<Object>();
    for (long i = from; step > 0 ? i < to : i > to; i += step) {
      numbers.add(i);
    }
    return numbers;
  }

  private static TemplateException tooDeep() {
    return new TemplateException("it is nested too deeply");
  }
}
