package dev.drey.runtime.jinja;

/** White space and line ends as Python's strings know them. */
final class Whitespace {
  private Whitespace() {}

  /** What {@code str.isspace} accepts. All such characters are in the basic plane. */
  static boolean is(int c) {
    return switch (c) {
      case '\t', '\n', 0x0b, '\f', '\r', 0x1c, 0x1d, 0x1e, 0x1f, ' ', 0x85, 0xa0 -> true;
      case 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000 -> true;
      default -> c >= 0x2000 && c <= 0x200a;
    };
  }

  /** Where {@code str.splitlines} ends a line. */
  static boolean isLineEnd(char c) {
    return switch (c) {
      case '\n', '\r', 0x0b, '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029 -> true;
      default -> false;
    };
  }

  /** The index behind the white space that begins at {@code from}. */
  static int skip(String text, int from) {
    int i = from;
    while (i < text.length() && is(text.charAt(i))) {
      i++;
    }
    return i;
  }

  /** The text without white space at its end. */
  static String stripEnd(String text) {
    return text.substring(0, lengthWithoutEnd(text, text.length()));
  }

  /** The length of the text's first {@code end} characters without white space at their end. */
  static int lengthWithoutEnd(String text, int end) {
    int length = end;
    while (length > 0 && is(text.charAt(length - 1))) {
      length--;
    }
    return length;
  }
}
