package dev.apo.worker.jinja;

import dev.apo.worker.jinja.Token.Kind;
import java.util.List;

/** A position in a template. */
final class TokenStream {
  private final List<Token> tokens;
  private int at;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token peek() {
    return tokens.get(at);
  }

  Token next() {
    Token token = peek();
    if (token.kind() != Kind.END) {
      at++;
    }
    return token;
  }

  boolean sees(String operator) {
    return peek().is(Kind.OPERATOR, operator);
  }

  boolean seesName(String name) {
    return peek().is(Kind.NAME, name);
  }

  /** Whether two names follow, such as {@code not in}. */
  boolean seesNames(String first, String second) {
    return seesName(first) && at + 1 < tokens.size() && tokens.get(at + 1).is(Kind.NAME, second);
  }

  /** Whether a name and {@code =} follow: an argument by name. */
  boolean seesNamedArgument() {
    return peek().kind() == Kind.NAME
        && at + 1 < tokens.size()
        && tokens.get(at + 1).is(Kind.OPERATOR, "=");
  }

  boolean skip(String operator) {
    return sees(operator) && next() != null;
  }

  boolean skipName(String name) {
    return seesName(name) && next() != null;
  }

  void expect(String operator) {
    if (!skip(operator)) {
      throw unexpected("expected " + operator);
    }
  }

  String expect(Kind kind, String what) {
    if (peek().kind() != kind) {
      throw unexpected("expected " + what);
    }
    return next().text();
  }

  TemplateException unexpected(String hint) {
    Token token = peek();
    String found =
        switch (token.kind()) {
          case PRINT_END, TAG_END -> "the end of the tag";
          case DATA -> "text";
          default -> token.text();
        };
    return new TemplateException("unexpected " + found + ", " + hint).at(token.line());
  }
}
