package dev.drey.runtime.jinja;

import dev.drey.runtime.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A template as tokens. Cuts the text where values, tags and comments begin and takes away the
 * white space around them: as their marks {@code -} and {@code +} say, otherwise the line end
 * behind a tag or comment ({@code trim_blocks}) and the blanks before one that is the first in its
 * line ({@code lstrip_blocks}). What is inside tags is the {@link TagLexer}'s.
 */
final class Lexer {
  private static final int SPACES = Pattern.UNICODE_CHARACTER_CLASS;
  private static final Pattern RAW =
      Pattern.compile("\\{%[-+]?\\s*raw\\s*(?:-%\\}\\s*|%\\})", SPACES);
  private static final Pattern END_RAW =
      Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(?:\\+%\\}|-%\\}\\s*|%\\}\\n?)", SPACES);
  private static final Pattern LINE_END = Pattern.compile("\r\n|\r");

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int position;
  private int line = 1;
  private int counted;

  private Lexer(String source) {
    this.source = source;
  }

  /**
   * The tokens of a template, ended by one of kind {@link Kind#END}.
   *
   * @throws JinjaException if a tag is malformed or not closed
   */
  static List<Token> tokens(String template) {
    String lines = LINE_END.matcher(template).replaceAll("\n");
    Lexer lexer = new Lexer(lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines);
    lexer.read();
    return lexer.tokens;
  }

  private void read() {
    for (int open = nextOpening(); open >= 0; open = nextOpening()) {
      char kind = source.charAt(open + 1);
      char sign = signAt(open + 2);
      boolean mayStripLine = kind != '{';
      data(textBefore(open, sign, mayStripLine));
      int inside = open + 2 + (sign == ' ' ? 0 : 1);
      switch (kind) {
        case '#' -> comment(open, inside);
        case '{' -> tag(open, inside, Kind.PRINT_BEGIN);
        default -> {
          Matcher raw = RAW.matcher(source).region(open, source.length());
          if (raw.lookingAt()) {
            raw(open, raw.end());
          } else {
            tag(open, inside, Kind.TAG_BEGIN);
          }
        }
      }
    }
    data(source.substring(position));
    tokens.add(new Token(Kind.END, "", lineAt(source.length())));
  }

  private int nextOpening() {
    for (int at = source.indexOf('{', position); at >= 0; at = source.indexOf('{', at + 1)) {
      char next = at + 1 < source.length() ? source.charAt(at + 1) : ' ';
      if (next == '{' || next == '%' || next == '#') {
        return at;
      }
    }
    return -1;
  }

  /** The mark after an opening, or a blank. */
  private char signAt(int at) {
    char c = at < source.length() ? source.charAt(at) : ' ';
    return c == '-' || c == '+' ? c : ' ';
  }

  private String textBefore(int open, char sign, boolean mayStripLine) {
    String text = source.substring(position, open);
    if (sign == '-') {
      return Whitespace.stripEnd(text);
    }
    if (sign == '+' || !mayStripLine) {
      return text;
    }
    int lineStart = text.lastIndexOf('\n') + 1;
    boolean startsLine = lineStart > 0 || position == 0 || source.charAt(position - 1) == '\n';
    boolean blank = Whitespace.skip(text, lineStart) == text.length();
    return startsLine && blank ? text.substring(0, lineStart) : text;
  }

  private void data(String text) {
    if (!text.isEmpty()) {
      tokens.add(new Token(Kind.DATA, text, lineAt(position)));
    }
  }

  private void comment(int open, int inside) {
    int end = source.indexOf("#}", inside);
    if (end < 0) {
      throw JinjaException.syntax(lineAt(open), "the comment is not closed");
    }
    char sign = end > inside ? signAt(end - 1) : ' ';
    position = afterTag(end + 2, sign);
  }

  private int afterTag(int behind, char sign) {
    if (sign == '-') {
      return Whitespace.skip(source, behind);
    }
    boolean lineEnds = behind < source.length() && source.charAt(behind) == '\n';
    return sign == ' ' && lineEnds ? behind + 1 : behind;
  }

  private void raw(int open, int inside) {
    Matcher end = END_RAW.matcher(source);
    if (!end.find(inside)) {
      throw JinjaException.syntax(lineAt(open), "the raw block is not closed");
    }
    position = inside;
    String sign = end.group(1);
    data(textBefore(end.start(), sign.isEmpty() ? ' ' : sign.charAt(0), true));
    position = end.end();
  }

  private void tag(int open, int inside, Kind begin) {
    tokens.add(new Token(begin, "", lineAt(open)));
    TagLexer tag = new TagLexer(source, inside, begin == Kind.PRINT_BEGIN, this::lineAt);
    position = tag.read(tokens);
  }

  /** Line of an offset; offsets must not fall. */
  private int lineAt(int offset) {
    for (; counted < offset; counted++) {
      if (source.charAt(counted) == '\n') {
        line++;
      }
    }
    return line;
  }
}
