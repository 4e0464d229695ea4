package dev.drey.runtime.jinja;

import dev.drey.runtime.jinja.Token.Kind;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The tokens between an opening and its end. */
final class TagLexer {
  private static final Pattern FLOAT =
      Pattern.compile("\\d[\\d_]*(?:\\.\\d[\\d_]*(?:[eE][+-]?\\d[\\d_]*)?|[eE][+-]?\\d[\\d_]*)");
  private static final Pattern INTEGER =
      Pattern.compile("0[xX][\\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|\\d[\\d_]*");
  private static final Set<String> LONG_OPERATORS = Set.of("//", "**", "==", "!=", ">=", "<=");
  private static final String OPERATORS = "+-*/%~[](){}><=.:|,;";

  private final String source;
  private final String end;
  private final boolean print;
  private final IntUnaryOperator lines;
  private final Deque<Character> open = new ArrayDeque<>();
  private int position;

  /**
   * @param print whether the value is printed, not the tag of a statement
   * @param lines line of an offset
   */
  TagLexer(String source, int position, boolean print, IntUnaryOperator lines) {
    this.source = source;
    this.position = position;
    this.print = print;
    this.end = print ? "}}" : "%}";
    this.lines = lines;
  }

  /**
   * Appends the tokens up to and including the end.
   *
   * @return the offset behind the end and the white space it takes with it
   */
  int read(List<Token> tokens) {
    int start = lines.applyAsInt(position);
    while (true) {
      position = Whitespace.skip(source, position);
      if (position == source.length()) {
        throw JinjaException.syntax(start, "'" + (print ? "{{" : "{%") + "' is not closed");
      }
      int line = lines.applyAsInt(position);
      if (open.isEmpty()) {
        int behind = behindEnd();
        if (behind >= 0) {
          tokens.add(new Token(print ? Kind.PRINT_END : Kind.TAG_END, "", line));
          return behind;
        }
      }
      tokens.add(next(line));
    }
  }

  private int behindEnd() {
    boolean strips = source.startsWith("-" + end, position);
    boolean keeps = !print && source.startsWith("+" + end, position);
    if (strips) {
      return Whitespace.skip(source, position + 3);
    }
    if (keeps) {
      return position + 3;
    }
    if (!source.startsWith(end, position)) {
      return -1;
    }
    int behind = position + 2;
    return !print && source.startsWith("\n", behind) ? behind + 1 : behind;
  }

  private Token next(int line) {
    char c = source.charAt(position);
    if (c >= '0' && c <= '9') {
      return number(line);
    }
    if (c == '\'' || c == '"') {
      return string(c, line);
    }
    int first = source.codePointAt(position);
    if (first == '_' || Character.isUnicodeIdentifierStart(first)) {
      return name(line);
    }
    if (OPERATORS.indexOf(c) >= 0 || source.startsWith("!=", position)) {
      return operator(line);
    }
    throw JinjaException.syntax(line, "unexpected character U+%04X".formatted(first));
  }

  private Token number(int line) {
    // Behind a dot digits are an index: in x.0.1 there is no 0.1.
    boolean index = position > 0 && source.charAt(position - 1) == '.';
    Matcher number = FLOAT.matcher(source).region(position, source.length());
    if (!index && number.lookingAt()) {
      return taken(Kind.FLOAT, number.end(), line);
    }
    number = INTEGER.matcher(source).region(position, source.length());
    return taken(Kind.INTEGER, number.lookingAt() ? number.end() : position + 1, line);
  }

  private Token taken(Kind kind, int until, int line) {
    String text = source.substring(position, until).replace("_", "");
    position = until;
    return new Token(kind, text, line);
  }

  private Token name(int line) {
    int until = position;
    while (until < source.length()) {
      int c = source.codePointAt(until);
      if (c != '_' && !Character.isUnicodeIdentifierPart(c)) {
        break;
      }
      until += Character.charCount(c);
    }
    String text = source.substring(position, until);
    position = until;
    return new Token(Kind.NAME, text, line);
  }

  private Token operator(int line) {
    String two = source.substring(position, Math.min(position + 2, source.length()));
    String text = LONG_OPERATORS.contains(two) ? two : two.substring(0, 1);
    position += text.length();
    switch (text) {
      case "(" -> open.push(')');
      case "[" -> open.push(']');
      case "{" -> open.push('}');
      case ")", "]", "}" -> {
        Character expected = open.poll();
        if (expected == null || expected != text.charAt(0)) {
          throw JinjaException.syntax(
              line,
              "unexpected '%s'%s"
                  .formatted(text, expected == null ? "" : ", expected '" + expected + "'"));
        }
      }
      default -> {}
    }
    return new Token(Kind.OPERATOR, text, line);
  }

  private Token string(char quote, int line) {
    StringBuilder value = new StringBuilder();
    int at = position + 1;
    while (at < source.length() && source.charAt(at) != quote) {
      if (source.charAt(at) == '\\') {
        at = Escapes.append(source, at + 1, value, line);
      } else {
        value.append(source.charAt(at++));
      }
    }
    if (at >= source.length()) {
      throw JinjaException.syntax(line, "the string is not closed");
    }
    position = at + 1;
    return new Token(Kind.STRING, value.toString(), line);
  }
}
