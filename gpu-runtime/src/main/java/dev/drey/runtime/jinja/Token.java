package dev.drey.runtime.jinja;

/**
 * A piece of a template.
 *
 * @param kind what it is
 * @param text for data the text itself, for strings the value, otherwise as written
 * @param line where it begins, from 1
 */
record Token(Kind kind, String text, int line) {
  enum Kind {
    DATA,
    PRINT_BEGIN,
    PRINT_END,
    TAG_BEGIN,
    TAG_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean is(Kind wanted, String wantedText) {
    return kind == wanted && text.equals(wantedText);
  }

  /** As messages show it: never the text of a string, which may be long. */
  String shown() {
    return switch (kind) {
      case NAME, OPERATOR, INTEGER, FLOAT -> "'" + Shown.name(text) + "'";
      case STRING -> "a string";
      case DATA -> "text";
      case PRINT_BEGIN -> "'{{'";
      case PRINT_END -> "'}}'";
      case TAG_BEGIN -> "'{%'";
      case TAG_END -> "'%}'";
      case END -> "the end of the template";
    };
  }
}
