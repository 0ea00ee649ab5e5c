package dev.apo.worker.jinja;

import dev.apo.worker.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads expressions, loosest operator first: Jinja's order. */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

  /** Names that may follow a test without being its argument. */
  private static final Set<String> AFTER_TEST =
      Set.of("else", "or", "and", "if", "is", "in", "not");

  private final TokenStream tokens;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
  }

  /** An expression; several with commas between them make a list. */
  Expression tuple() {
    Expression first = expression();
    if (!tokens.sees(",")) {
      return first;
    }
    var all = new ArrayList<>(List.of(first));
    while (tokens.skip(",") && !atEnd()) {
      all.add(expression());
    }
    return list(all);
  }

  private boolean atEnd() {
    Kind kind = tokens.peek().kind();
    return kind == Kind.TAG_END || kind == Kind.PRINT_END || tokens.sees(")") || tokens.sees("=");
  }

  Expression expression() {
    Expression value = or();
    while (tokens.skipName("if")) {
      Expression condition = or();
      Expression then = value;
      Expression otherwise =
          tokens.skipName("else") ? expression() : scope -> new Undefined("the value without else");
      value =
          scope ->
              Values.isTrue(condition.value(scope)) ? then.value(scope) : otherwise.value(scope);
    }
    return value;
  }

  /** An expression in which {@code if} does not belong to it: what a loop goes through. */
  Expression withoutCondition() {
    return or();
  }

  private Expression or() {
    Expression left = and();
    while (tokens.skipName("or")) {
      Expression first = left;
      Expression second = and();
      left =
          scope -> {
            Object value = first.value(scope);
            return Values.isTrue(value) ? value : second.value(scope);
          };
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (tokens.skipName("and")) {
      Expression first = left;
      Expression second = not();
      left =
          scope -> {
            Object value = first.value(scope);
            return Values.isTrue(value) ? second.value(scope) : value;
          };
    }
    return left;
  }

  private Expression not() {
    if (!tokens.seesNames("not", "in") && tokens.skipName("not")) {
      Expression value = not();
      return scope -> !Values.isTrue(value.value(scope));
    }
    return comparison();
  }

  private record Comparison(String operator, Expression right) {
    boolean holds(Object left, Object right) {
      return switch (operator) {
        case "==" -> Values.equal(left, right);
        case "!=" -> !Values.equal(left, right);
        case "<" -> Values.compare(left, right) < 0;
        case "<=" -> Values.compare(left, right) <= 0;
        case ">" -> Values.compare(left, right) > 0;
        case ">=" -> Values.compare(left, right) >= 0;
        case "in" -> Values.contains(right, left);
        default -> !Values.contains(right, left);
      };
    }
  }

  private Expression comparison() {
    Expression first = sum();
    var comparisons = new ArrayList<Comparison>();
    while (true) {
      if (tokens.peek().kind() == Kind.OPERATOR && COMPARISONS.contains(tokens.peek().text())) {
        comparisons.add(new Comparison(tokens.next().text(), sum()));
      } else if (tokens.skipName("in")) {
        comparisons.add(new Comparison("in", sum()));
      } else if (tokens.seesNames("not", "in")) {
        tokens.next();
        tokens.next();
        comparisons.add(new Comparison("not in", sum()));
      } else {
        break;
      }
    }
    if (comparisons.isEmpty()) {
      return first;
    }
    return scope -> {
      Object left = first.value(scope);
      for (Comparison comparison : comparisons) {
        Object right = comparison.right().value(scope);
        if (!comparison.holds(left, right)) {
          return false;
        }
        left = right;
      }
      return true;
    };
  }

  private Expression sum() {
    Expression left = concatenation();
    while (tokens.sees("+") || tokens.sees("-")) {
      boolean plus = tokens.next().text().equals("+");
      Expression first = left;
      Expression second = concatenation();
      left =
          plus
              ? scope -> Values.add(first.value(scope), second.value(scope))
              : scope -> Values.arithmetic("-", first.value(scope), second.value(scope));
    }
    return left;
  }

  private Expression concatenation() {
    Expression left = product();
    while (tokens.skip("~")) {
      Expression first = left;
      Expression second = product();
      left = scope -> Values.add(Values.text(first.value(scope)), Values.text(second.value(scope)));
    }
    return left;
  }

  private Expression product() {
    Expression left = signed(true);
    while (tokens.sees("*") || tokens.sees("/") || tokens.sees("//") || tokens.sees("%")) {
      String operator = tokens.next().text();
      Expression first = left;
      Expression second = signed(true);
      left = scope -> Values.arithmetic(operator, first.value(scope), second.value(scope));
    }
    return left;
  }

  private Expression signed(boolean filters) {
    Expression value;
    if (tokens.skip("-")) {
      Expression positive = signed(false);
      value = scope -> Values.arithmetic("-", 0L, positive.value(scope));
    } else if (tokens.skip("+")) {
      value = signed(false);
    } else {
      value = primary();
    }
    value = postfix(value);
    return filters ? filters(value) : value;
  }

  private Expression primary() {
    Token token = tokens.peek();
    switch (token.kind()) {
      case STRING:
        var text = new StringBuilder();
        while (tokens.peek().kind() == Kind.STRING) {
          text.append(tokens.next().text());
        }
        String constant = text.toString();
        return scope -> constant;
      case INTEGER:
        long whole = whole(tokens.next());
        return scope -> whole;
      case FLOAT:
        double number = Double.parseDouble(tokens.next().text());
        return scope -> number;
      case NAME:
        return name(tokens.next().text());
      default:
        if (tokens.skip("(")) {
          Expression inner = tokens.sees(")") ? list(List.of()) : tuple();
          tokens.expect(")");
          return inner;
        }
        if (tokens.skip("[")) {
          return list(elements());
        }
        if (tokens.skip("{")) {
          return dictionary();
        }
        throw tokens.unexpected("expected a value");
    }
  }

  private static long whole(Token token) {
    try {
      return Long.parseLong(token.text());
    } catch (NumberFormatException e) {
      throw new TemplateException("the number " + token.text() + " is too large").at(token.line());
    }
  }

  private static Expression name(String name) {
    return switch (name) {
      case "true", "True" -> scope -> true;
      case "false", "False" -> scope -> false;
      case "none", "None" -> scope -> null;
      default -> scope -> scope.get(name);
    };
  }

  private static Expression list(List<Expression> elements) {
    return scope -> {
      var values = new ArrayList<Object>();
      elements.forEach(element -> values.add(element.value(scope)));
      return values;
    };
  }

  private List<Expression> elements() {
    var all = new ArrayList<Expression>();
    while (!tokens.skip("]")) {
      all.add(expression());
      if (!tokens.sees("]")) {
        tokens.expect(",");
      }
    }
    return all;
  }

  private Expression dictionary() {
    var entries = new ArrayList<Map.Entry<Expression, Expression>>();
    while (!tokens.skip("}")) {
      Expression key = expression();
      tokens.expect(":");
      entries.add(Map.entry(key, expression()));
      if (!tokens.sees("}")) {
        tokens.expect(",");
      }
    }
    return scope -> {
      var map = new LinkedHashMap<Object, Object>();
      entries.forEach(e -> map.put(e.getKey().value(scope), e.getValue().value(scope)));
      return map;
    };
  }

  private Expression postfix(Expression start) {
    Expression value = start;
    while (true) {
      Expression base = value;
      if (tokens.skip(".")) {
        String name = tokens.expect(Kind.NAME, "a name");
        value = scope -> Values.attribute(defined(base.value(scope)), name);
      } else if (tokens.skip("[")) {
        value = subscript(base);
      } else if (tokens.sees("(")) {
        value = call(base);
      } else {
        return value;
      }
    }
  }

  private static Object defined(Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.error();
    }
    return value;
  }

  private Expression subscript(Expression base) {
    Expression start = tokens.sees(":") ? null : expression();
    if (tokens.skip("]")) {
      return scope -> {
        Object value = base.value(scope);
        Object key = start.value(scope);
        return value instanceof Namespace && key instanceof String name
            ? Values.attribute(value, name)
            : Values.item(value, key);
      };
    }
    tokens.expect(":");
    Expression stop = tokens.sees(":") || tokens.sees("]") ? null : expression();
    Expression step = tokens.skip(":") && !tokens.sees("]") ? expression() : null;
    tokens.expect("]");
    return scope ->
        Values.slice(
            defined(base.value(scope)),
            bound(start, scope),
            bound(stop, scope),
            bound(step, scope));
  }

  private static Long bound(Expression bound, Scope scope) {
    Object value = bound == null ? null : bound.value(scope);
    if (value == null || value instanceof Long) {
      return (Long) value;
    }
    throw new TemplateException("a slice has the bound " + Values.kind(value));
  }

  private Expression call(Expression function) {
    ArgumentList arguments = arguments();
    return scope -> {
      Object callee = defined(function.value(scope));
      if (callee instanceof Callable callable) {
        return callable.call(arguments.in(scope));
      }
      throw new TemplateException(Values.kind(callee) + " cannot be called");
    };
  }

  /** Arguments as they are written. */
  private record ArgumentList(List<Expression> positional, Map<String, Expression> named) {
    static final ArgumentList NONE = new ArgumentList(List.of(), Map.of());

    Arguments in(Scope scope) {
      var values = new ArrayList<Object>();
      positional.forEach(argument -> values.add(argument.value(scope)));
      var byName = new HashMap<String, Object>();
      named.forEach((name, argument) -> byName.put(name, argument.value(scope)));
      return new Arguments(values, byName);
    }
  }

  private ArgumentList arguments() {
    tokens.expect("(");
    var positional = new ArrayList<Expression>();
    var named = new LinkedHashMap<String, Expression>();
    while (!tokens.skip(")")) {
      if (tokens.seesNamedArgument()) {
        String name = tokens.next().text();
        tokens.expect("=");
        named.put(name, expression());
      } else {
        positional.add(expression());
      }
      if (!tokens.sees(")")) {
        tokens.expect(",");
      }
    }
    return new ArgumentList(positional, named);
  }

  private Expression filters(Expression start) {
    Expression value = start;
    while (true) {
      if (tokens.skip("|")) {
        value = filter(value);
      } else if (tokens.skipName("is")) {
        value = test(value);
      } else if (tokens.sees("(")) {
        value = call(value);
      } else {
        return value;
      }
    }
  }

  private Expression filter(Expression value) {
    String name = tokens.expect(Kind.NAME, "the name of a filter");
    Filters.Filter filter = Filters.named(name);
    if (filter == null) {
      throw tokens.unexpected("the filter " + name + " before it is not supported");
    }
    ArgumentList arguments = tokens.sees("(") ? arguments() : ArgumentList.NONE;
    return scope -> filter.apply(value.value(scope), arguments.in(scope));
  }

  private Expression test(Expression value) {
    boolean negated = tokens.skipName("not");
    String name = tokens.expect(Kind.NAME, "the name of a test");
    Tests.Test test = Tests.named(name);
    if (test == null) {
      throw tokens.unexpected("the test " + name + " before it is not supported");
    }
    ArgumentList arguments = testArguments();
    return scope -> test.holds(value.value(scope), arguments.in(scope)) != negated;
  }

  private ArgumentList testArguments() {
    if (tokens.sees("(")) {
      return arguments();
    }
    boolean follows =
        switch (tokens.peek().kind()) {
          case STRING, INTEGER, FLOAT -> true;
          case NAME -> !AFTER_TEST.contains(tokens.peek().text());
          default -> tokens.sees("[") || tokens.sees("{");
        };
    return follows
        ? new ArgumentList(Arrays.asList(postfix(primary())), Map.of())
        : ArgumentList.NONE;
  }
}
