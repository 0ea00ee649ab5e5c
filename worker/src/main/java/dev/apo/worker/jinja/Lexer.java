package dev.apo.worker.jinja;

import dev.apo.worker.jinja.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Takes a template apart. White space is what transformers sets: the line break behind a tag and
 * the indent before one go ({@code trim_blocks}, {@code lstrip_blocks}), and so does the last line
 * break of the file.
 */
final class Lexer {
  private static final Pattern OPENING = Pattern.compile("\\{([{%#])([-+]?)");
  private static final Pattern COMMENT_END = Pattern.compile("\\+#}|-#}\\s*|#}\\n?");
  private static final Pattern PRINT_END = Pattern.compile("-}}\\s*|}}");
  private static final Pattern TAG_END = Pattern.compile("\\+%}|-%}\\s*|%}\\n?");
  private static final Pattern SPACE = Pattern.compile("\\s+");
  private static final Pattern FLOAT =
      Pattern.compile("\\d+(?:\\.\\d+(?:[eE][+-]?\\d+)?|[eE][+-]?\\d+)");
  private static final Pattern INTEGER = Pattern.compile("\\d+");
  private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]*");
  private static final Pattern STRING =
      Pattern.compile("'((?:[^'\\\\]|\\\\.)*+)'|\"((?:[^\"\\\\]|\\\\.)*+)\"", Pattern.DOTALL);
  private static final Pattern OPERATOR =
      Pattern.compile("//|\\*\\*|==|!=|>=|<=|[-+*/%~\\[\\](){}<>=.:|,]");

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;

  private Lexer(String source) {
    this.source = source;
  }

  static List<Token> tokens(String template) {
    String lines = template.replace("\r\n", "\n").replace('\r', '\n');
    Lexer lexer = new Lexer(lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines);
    lexer.run();
    return lexer.tokens;
  }

  private void run() {
    Matcher opening = OPENING.matcher(source);
    boolean lineStarts = true;
    while (opening.find(at)) {
      boolean print = opening.group(1).equals("{");
      add(Kind.DATA, before(opening, print, lineStarts));
      advance(opening.end());
      Pattern end = print ? PRINT_END : TAG_END;
      if (opening.group(1).equals("#")) {
        lineStarts = comment();
        continue;
      }
      add(print ? Kind.PRINT_BEGIN : Kind.TAG_BEGIN, "");
      lineStarts = inside(end);
      add(print ? Kind.PRINT_END : Kind.TAG_END, "");
    }
    add(Kind.DATA, source.substring(at));
    advance(source.length());
    add(Kind.END, "the end of the template");
  }

  /** The text before a tag, of which the white space next to the tag may go. */
  private String before(Matcher opening, boolean print, boolean lineStarts) {
    String text = source.substring(at, opening.start());
    if (opening.group(2).equals("-")) {
      return text.stripTrailing();
    }
    int lineStart = text.lastIndexOf('\n') + 1;
    boolean indent =
        !print
            && opening.group(2).isEmpty()
            && (lineStart > 0 || lineStarts)
            && text.substring(lineStart).isBlank();
    return indent ? text.substring(0, lineStart) : text;
  }

  private boolean comment() {
    Matcher end = COMMENT_END.matcher(source);
    if (!end.find(at)) {
      throw new TemplateException("a comment has no end").at(line);
    }
    advance(end.end());
    return end.group().endsWith("\n");
  }

  /** Reads a tag up to its end; returns whether a line break was taken away with it. */
  private boolean inside(Pattern end) {
    Deque<Character> open = new ArrayDeque<>();
    while (true) {
      match(SPACE);
      if (open.isEmpty()) {
        Matcher closing = match(end);
        if (closing != null) {
          return closing.group().endsWith("\n");
        }
      }
      Matcher found;
      if (at == source.length()) {
        throw new TemplateException("a tag has no end").at(line);
      } else if ((found = match(FLOAT)) != null) {
        add(Kind.FLOAT, found.group());
      } else if ((found = match(INTEGER)) != null) {
        add(Kind.INTEGER, found.group());
      } else if ((found = match(NAME)) != null) {
        add(Kind.NAME, found.group());
      } else if ((found = match(STRING)) != null) {
        add(Kind.STRING, unescape(found.group(1) != null ? found.group(1) : found.group(2)));
      } else if ((found = match(OPERATOR)) != null) {
        add(Kind.OPERATOR, found.group());
        balance(open, found.group().charAt(0));
      } else {
        throw new TemplateException("unexpected " + source.charAt(at)).at(line);
      }
    }
  }

  private void balance(Deque<Character> open, char bracket) {
    int opens = "([{".indexOf(bracket);
    int closes = ")]}".indexOf(bracket);
    if (opens >= 0) {
      open.push(")]}".charAt(opens));
    } else if (closes >= 0 && (open.isEmpty() || open.pop() != bracket)) {
      throw new TemplateException("unexpected " + bracket).at(line);
    }
  }

  private String unescape(String raw) {
    var text = new StringBuilder();
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c != '\\') {
        text.append(c);
        continue;
      }
      char escaped = raw.charAt(++i);
      int digits = escaped == 'x' ? 2 : escaped == 'u' ? 4 : 0;
      if (digits > 0) {
        text.append(code(raw, i + 1, digits));
        i += digits;
        continue;
      }
      switch (escaped) {
        case 'n' -> text.append('\n');
        case 't' -> text.append('\t');
        case 'r' -> text.append('\r');
        case '\\', '\'', '"' -> text.append(escaped);
        case '\n' -> {
          // A string goes on in the next line.
        }
        default -> text.append('\\').append(escaped);
      }
    }
    return text.toString();
  }

  private char code(String raw, int from, int digits) {
    try {
      return (char) Integer.parseInt(raw.substring(from, from + digits), 16);
    } catch (IndexOutOfBoundsException | NumberFormatException e) {
      throw new TemplateException("a string has an incomplete escape").at(line);
    }
  }

  /** Steps over what a pattern matches here; null if it does not. */
  private Matcher match(Pattern pattern) {
    Matcher matcher = pattern.matcher(source).region(at, source.length());
    if (!matcher.lookingAt()) {
      return null;
    }
    advance(matcher.end());
    return matcher;
  }

  private void advance(int to) {
    for (; at < to; at++) {
      if (source.charAt(at) == '\n') {
        line++;
      }
    }
  }

  private void add(Kind kind, String text) {
    if (kind != Kind.DATA || !text.isEmpty()) {
      tokens.add(new Token(kind, text, line));
    }
  }
}
