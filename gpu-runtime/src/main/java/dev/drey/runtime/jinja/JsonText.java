package dev.drey.runtime.jinja;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Python's {@code json.dumps()}, as the filter {@code tojson} of chat templates gives it. */
final class JsonText {
  private final Budget budget;
  private final @Nullable String indent;
  private final String itemSeparator;
  private final String keySeparator;
  private final boolean asciiOnly;
  private final boolean sortKeys;
  private final StringBuilder out = new StringBuilder();
  private int level;

  private JsonText(Rendering rendering, Parameters options) {
    this.budget = rendering.budget();
    this.indent = indent(budget, options.get("indent", None.NONE));
    this.asciiOnly = options.truth("ensure_ascii", false);
    this.sortKeys = options.truth("sort_keys", false);
    Object separators = options.get("separators", None.NONE);
    if (separators == None.NONE) {
      this.itemSeparator = indent == null ? ", " : ",";
      this.keySeparator = ": ";
    } else {
      List<Object> pair = Items.of(rendering, separators);
      if (pair.size() != 2
          || !(pair.get(0) instanceof String item)
          || !(pair.get(1) instanceof String key)) {
        throw JinjaException.failed("tojson: expected two texts as 'separators'");
      }
      this.itemSeparator = item;
      this.keySeparator = key;
    }
  }

  static String of(Rendering rendering, Object value, Arguments arguments) {
    Parameters options =
        arguments.bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys");
    JsonText text = new JsonText(rendering, options);
    text.value(value);
    return text.out.toString();
  }

  private static @Nullable String indent(Budget budget, Object indent) {
    if (indent instanceof String text) {
      return text;
    }
    if (indent == None.NONE) {
      return null;
    }
    if (Numbers.of(indent) instanceof Long width) {
      budget.characters(Math.max(0, width));
      return " ".repeat((int) Math.max(0, width));
    }
    throw Types.unsupported("tojson with that indent", indent);
  }

  private void append(String text) {
    budget.characters(text.length());
    out.append(text);
  }

  private void value(Object value) {
    if (value instanceof String text) {
      string(text);
    } else if (value instanceof Boolean truth) {
      append(truth ? "true" : "false");
    } else if (value instanceof Double number) {
      append(number(number));
    } else if (value instanceof Number number) {
      append(number.toString());
    } else if (value == None.NONE) {
      append("null");
    } else if (value instanceof List<?> list) {
      array(list);
    } else if (value instanceof Tuple tuple) {
      array(tuple.items());
    } else if (value instanceof Map<?, ?> map) {
      object(map);
    } else {
      throw value instanceof Undefined undefined
          ? undefined.failure()
          : JinjaException.failed("a " + Types.of(value) + " has no JSON");
    }
  }

  private static String number(double number) {
    if (Double.isNaN(number)) {
      return "NaN";
    }
    return Double.isInfinite(number)
        ? (number > 0 ? "Infinity" : "-Infinity")
        : Numbers.repr(number);
  }

  private void array(List<?> items) {
    if (items.isEmpty()) {
      append("[]");
      return;
    }
    begin("[");
    boolean first = true;
    for (Object item : items) {
      separate(first);
      first = false;
      value(item);
    }
    end("]");
  }

  private void object(Map<?, ?> map) {
    if (map.isEmpty()) {
      append("{}");
      return;
    }
    List<Map.Entry<?, ?>> entries = new ArrayList<>(map.entrySet());
    if (sortKeys) {
      entries.sort(Comparator.comparing(entry -> key(entry.getKey())));
    }
    begin("{");
    boolean first = true;
    for (Map.Entry<?, ?> entry : entries) {
      separate(first);
      first = false;
      string(key(entry.getKey()));
      append(keySeparator);
      value(entry.getValue());
    }
    end("}");
  }

  private static String key(Object key) {
    if (key == None.NONE) {
      return "null";
    }
    return key instanceof Double number ? number(number) : key.toString();
  }

  private void begin(String bracket) {
    budget.enter();
    append(bracket);
    level++;
  }

  private void separate(boolean first) {
    if (!first) {
      append(itemSeparator);
    }
    newLine();
  }

  private void end(String bracket) {
    level--;
    newLine();
    append(bracket);
    budget.leave();
  }

  private void newLine() {
    if (indent != null) {
      append("\n");
      budget.characters((long) level * indent.length());
      out.append(indent.repeat(level));
    }
  }

  private void string(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> quoted.append("\\\"");
        case '\\' -> quoted.append("\\\\");
        case '\n' -> quoted.append("\\n");
        case '\r' -> quoted.append("\\r");
        case '\t' -> quoted.append("\\t");
        case '\f' -> quoted.append("\\f");
        case '\b' -> quoted.append("\\b");
        default -> {
          if (c < ' ' || (asciiOnly && c > '~')) {
            quoted.append("\\u%04x".formatted((int) c));
          } else {
            quoted.append(c);
          }
        }
      }
    }
    append(quoted.append('"').toString());
  }
}
