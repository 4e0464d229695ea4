package dev.drey.runtime.jinja;

import java.util.List;
import java.util.Map;

/** Python's {@code str()} and {@code repr()}. */
final class PythonText {
  private final Budget budget;
  private final StringBuilder out = new StringBuilder();

  private PythonText(Budget budget) {
    this.budget = budget;
  }

  /** What printing a value gives. */
  static String str(Rendering rendering, Object value) {
    if (value instanceof String text) {
      return text;
    }
    if (value instanceof Undefined) {
      return "";
    }
    PythonText text = new PythonText(rendering.budget());
    text.repr(value);
    return text.out.toString();
  }

  private void append(String text) {
    budget.characters(text.length());
    out.append(text);
  }

  private void repr(Object value) {
    if (value instanceof String text) {
      quoted(text);
    } else if (value instanceof Boolean truth) {
      append(truth ? "True" : "False");
    } else if (value instanceof Double number) {
      append(Numbers.repr(number));
    } else if (value instanceof Number number) {
      append(number.toString());
    } else if (value == None.NONE) {
      append("None");
    } else if (value instanceof List<?> list) {
      items("[", list, "]");
    } else if (value instanceof Tuple tuple) {
      items("(", tuple.items(), tuple.items().size() == 1 ? ",)" : ")");
    } else if (value instanceof Map<?, ?> map) {
      entries(map);
    } else if (value instanceof Undefined) {
      append("Undefined");
    } else {
      append("<" + Types.of(value) + ">");
    }
  }

  private void items(String begin, List<?> items, String end) {
    budget.enter();
    append(begin);
    String separator = "";
    for (Object item : items) {
      append(separator);
      repr(item);
      separator = ", ";
    }
    append(end);
    budget.leave();
  }

  private void entries(Map<?, ?> map) {
    budget.enter();
    append("{");
    String separator = "";
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      append(separator);
      repr(entry.getKey());
      append(": ");
      repr(entry.getValue());
      separator = ", ";
    }
    append("}");
    budget.leave();
  }

  private void quoted(String text) {
    char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder quoted = new StringBuilder().append(quote);
    text.codePoints().forEach(c -> appendEscaped(quoted, c, quote));
    append(quoted.append(quote).toString());
  }

  private static void appendEscaped(StringBuilder quoted, int c, char quote) {
    if (c == quote || c == '\\') {
      quoted.append('\\').append((char) c);
    } else if (c == '\n') {
      quoted.append("\\n");
    } else if (c == '\r') {
      quoted.append("\\r");
    } else if (c == '\t') {
      quoted.append("\\t");
    } else if (isPrintable(c)) {
      quoted.appendCodePoint(c);
    } else {
      String format = c <= 0xff ? "\\x%02x" : c <= 0xffff ? "\\u%04x" : "\\U%08x";
      quoted.append(format.formatted(c));
    }
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }
}
