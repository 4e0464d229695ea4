package dev.drey.runtime.jinja;

/** What stands behind a backslash in a string, as Python reads it. */
final class Escapes {
  private Escapes() {}

  /**
   * Appends the character that an escape stands for; an unknown escape stands for itself.
   *
   * @param at index behind the backslash
   * @return index behind the escape
   */
  static int append(String source, int at, StringBuilder out, int line) {
    if (at == source.length()) {
      throw JinjaException.syntax(line, "the string is not closed");
    }
    char c = source.charAt(at);
    int simple = "abfnrtv\\'\"".indexOf(c);
    if (simple >= 0) {
      out.append("\u0007\b\f\n\r\t\u000b\\'\"".charAt(simple));
      return at + 1;
    }
    return switch (c) {
      case '\n' -> at + 1;
      case 'x' -> code(source, at + 1, 2, out, line);
      case 'u' -> code(source, at + 1, 4, out, line);
      case 'U' -> code(source, at + 1, 8, out, line);
      case 'N' -> throw JinjaException.syntax(line, "\\N{…} in a string is not supported");
      case '0', '1', '2', '3', '4', '5', '6', '7' -> octal(source, at, out);
      default -> {
        out.append('\\');
        yield at;
      }
    };
  }

  private static int code(String source, int from, int digits, StringBuilder out, int line) {
    int until = from + digits;
    int value = 0;
    for (int i = from; i < until; i++) {
      int digit = i < source.length() ? Character.digit(source.charAt(i), 16) : -1;
      if (digit < 0 || value > Character.MAX_CODE_POINT >> 4) {
        throw JinjaException.syntax(
            line, "a string has an escape without its " + digits + " hexadecimal digits");
      }
      value = 16 * value + digit;
    }
    if (!Character.isValidCodePoint(value)) {
      throw JinjaException.syntax(line, "a string has an escape of no character");
    }
    out.appendCodePoint(value);
    return until;
  }

  private static int octal(String source, int from, StringBuilder out) {
    int value = 0;
    int at = from;
    while (at < source.length() && at < from + 3) {
      int digit = Character.digit(source.charAt(at), 8);
      if (digit < 0) {
        break;
      }
      value = 8 * value + digit;
      at++;
    }
    out.appendCodePoint(value);
    return at;
  }
}
