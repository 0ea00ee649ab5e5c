package dev.apo.worker.jinja;

import dev.apo.worker.jinja.Statement.Flow;
import dev.apo.worker.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the tags and the text between them. */
final class StatementParser {
  private final TokenStream tokens;
  private final ExpressionParser expressions;

  private StatementParser(TokenStream tokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionParser(tokens);
  }

  static Statement parse(String source) {
    return new StatementParser(new TokenStream(Lexer.tokens(source))).body();
  }

  /**
   * Statements up to a tag of one of these names, of which the name is the next token; with no
   * names, up to the end.
   */
  private Statement body(String... ends) {
    var statements = new ArrayList<Statement>();
    while (true) {
      Token token = tokens.next();
      switch (token.kind()) {
        case DATA -> statements.add(writing(token.text()));
        case PRINT_BEGIN -> statements.add(located(token.line(), printed()));
        case TAG_BEGIN -> {
          if (Set.of(ends).contains(tokens.peek().text())) {
            return inOrder(statements);
          }
          statements.add(located(token.line(), tag()));
        }
        default -> {
          if (ends.length > 0) {
            throw tokens.unexpected("expected " + ends[ends.length - 1]);
          }
          return inOrder(statements);
        }
      }
    }
  }

  private static Statement inOrder(List<Statement> statements) {
    return (scope, out) -> {
      for (Statement statement : statements) {
        Flow flow = statement.run(scope, out);
        if (flow != Flow.NEXT) {
          return flow;
        }
      }
      return Flow.NEXT;
    };
  }

  private static Statement located(int line, Statement statement) {
    return (scope, out) -> {
      try {
        return statement.run(scope, out);
      } catch (TemplateException e) {
        throw e.at(line);
      }
    };
  }

  private static Statement writing(String text) {
    return (scope, out) -> {
      Limits.checkLength((long) out.length() + text.length());
      out.append(text);
      return Flow.NEXT;
    };
  }

  private Statement printed() {
    Expression value = expressions.tuple();
    tokens.expect(Kind.PRINT_END, "}}");
    return (scope, out) -> writing(Values.text(value.value(scope))).run(scope, out);
  }

  private Statement tag() {
    String name = tokens.expect(Kind.NAME, "the name of a tag");
    return switch (name) {
      case "if" -> condition();
      case "for" -> loop();
      case "set" -> assignment();
      case "macro" -> macro();
      case "break" -> flow(Flow.BREAK);
      case "continue" -> flow(Flow.CONTINUE);
      case "generation" -> generation();
      default -> throw tokens.unexpected("the tag " + name + " before it is not supported here");
    };
  }

  private void endTag() {
    tokens.expect(Kind.TAG_END, "%}");
  }

  /** The end of a block: its name and the end of the tag. */
  private void end() {
    tokens.next();
    endTag();
  }

  private Statement flow(Flow flow) {
    endTag();
    return (scope, out) -> flow;
  }

  /** Marks what training learns from; it changes no text. */
  private Statement generation() {
    endTag();
    Statement body = body("endgeneration");
    end();
    return body;
  }

  private Statement condition() {
    Expression condition = expressions.tuple();
    endTag();
    Statement then = body("elif", "else", "endif");
    Statement otherwise = inOrder(List.of());
    if (tokens.skipName("elif")) {
      otherwise = condition();
    } else if (tokens.skipName("else")) {
      endTag();
      otherwise = body("endif");
      end();
    } else {
      end();
    }
    Statement last = otherwise;
    return (scope, out) -> (Values.isTrue(condition.value(scope)) ? then : last).run(scope, out);
  }

  private List<String> names() {
    boolean brackets = tokens.skip("(");
    var names = new ArrayList<String>();
    do {
      names.add(tokens.expect(Kind.NAME, "a name"));
    } while (tokens.skip(","));
    if (brackets) {
      tokens.expect(")");
    }
    return names;
  }

  private static void assign(Scope scope, List<String> names, Object value) {
    if (names.size() == 1) {
      scope.set(names.get(0), value);
      return;
    }
    List<?> values = Values.items(value);
    if (values.size() != names.size()) {
      throw new TemplateException(values.size() + " values for " + names.size() + " names");
    }
    for (int i = 0; i < names.size(); i++) {
      scope.set(names.get(i), values.get(i));
    }
  }

  private Statement loop() {
    List<String> names = names();
    if (!tokens.skipName("in")) {
      throw tokens.unexpected("expected in");
    }
    Expression items = expressions.withoutCondition();
    Expression condition = tokens.skipName("if") ? expressions.expression() : scope -> true;
    endTag();
    Statement body = body("else", "endfor");
    Statement otherwise = inOrder(List.of());
    if (tokens.skipName("else")) {
      endTag();
      otherwise = body("endfor");
    }
    end();
    return new Loop(names, items, condition, body, otherwise);
  }

  private record Loop(
      List<String> names,
      Expression source,
      Expression condition,
      Statement body,
      Statement otherwise)
      implements Statement {

    @Override
    public Flow run(Scope outer, StringBuilder out) {
      var items = new ArrayList<Object>();
      for (Object item : Values.items(source.value(outer))) {
        outer.limits().count();
        Scope scope = outer.inner();
        assign(scope, names, item);
        if (Values.isTrue(condition.value(scope))) {
          items.add(item);
        }
      }
      if (items.isEmpty()) {
        return otherwise.run(outer, out);
      }
      for (int i = 0; i < items.size(); i++) {
        Scope scope = outer.inner();
        assign(scope, names, items.get(i));
        scope.set("loop", state(items, i));
        if (body.run(scope, out) == Flow.BREAK) {
          break;
        }
      }
      return Flow.NEXT;
    }

    private static Map<String, Object> state(List<Object> items, int i) {
      int size = items.size();
      var loop = new LinkedHashMap<String, Object>();
      loop.put("index", i + 1L);
      loop.put("index0", (long) i);
      loop.put("revindex", (long) size - i);
      loop.put("revindex0", size - i - 1L);
      loop.put("first", i == 0);
      loop.put("last", i == size - 1);
      loop.put("length", (long) size);
      loop.put("previtem", i > 0 ? items.get(i - 1) : new Undefined("the item before the first"));
      loop.put(
          "nextitem", i < size - 1 ? items.get(i + 1) : new Undefined("the item after the last"));
      loop.put("cycle", (Callable) a -> a.positional().get(i % a.positional().size()));
      return loop;
    }
  }

  private Statement assignment() {
    List<String> names = names();
    if (names.size() == 1 && tokens.skip(".")) {
      return attributeAssignment(names.get(0));
    }
    if (tokens.skip("=")) {
      Expression value = expressions.tuple();
      endTag();
      return (scope, out) -> {
        assign(scope, names, value.value(scope));
        return Flow.NEXT;
      };
    }
    endTag();
    Statement body = body("endset");
    end();
    return (scope, out) -> {
      assign(scope, names, rendered(body, scope));
      return Flow.NEXT;
    };
  }

  private Statement attributeAssignment(String name) {
    String attribute = tokens.expect(Kind.NAME, "a name");
    tokens.expect("=");
    Expression value = expressions.tuple();
    endTag();
    return (scope, out) -> {
      if (!(scope.get(name) instanceof Namespace namespace)) {
        throw new TemplateException(name + " is no namespace, so nothing in it can be set");
      }
      namespace.variables().put(attribute, value.value(scope));
      return Flow.NEXT;
    };
  }

  private static String rendered(Statement body, Scope scope) {
    var text = new StringBuilder();
    body.run(scope.inner(), text);
    return text.toString();
  }

  private Statement macro() {
    String name = tokens.expect(Kind.NAME, "a name");
    var parameters = new LinkedHashMap<String, Expression>();
    tokens.expect("(");
    while (!tokens.skip(")")) {
      String parameter = tokens.expect(Kind.NAME, "a name");
      parameters.put(
          parameter,
          tokens.skip("=") ? expressions.expression() : scope -> new Undefined(parameter));
      if (!tokens.sees(")")) {
        tokens.expect(",");
      }
    }
    endTag();
    Statement body = body("endmacro");
    end();
    return (scope, out) -> {
      scope.set(name, new Macro(parameters, body, scope));
      return Flow.NEXT;
    };
  }

  private record Macro(Map<String, Expression> parameters, Statement body, Scope around)
      implements Callable {

    @Override
    public Object call(Arguments arguments) {
      around.limits().count();
      Scope scope = around.inner();
      arguments.only(parameters.keySet().toArray(String[]::new));
      int place = 0;
      for (Map.Entry<String, Expression> parameter : parameters.entrySet()) {
        boolean given = arguments.has(place, parameter.getKey());
        scope.set(
            parameter.getKey(),
            given ? arguments.get(place, parameter.getKey()) : parameter.getValue().value(scope));
        place++;
      }
      return rendered(body, scope);
    }
  }
}
