package dev.drey.runtime.jinja;

import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Filters of texts; other values are printed first. */
final class TextFilters {
  static final Map<String, Filter> ALL =
      Map.ofEntries(
          Map.entry("capitalize", simple("capitalize", Texts::capitalize)),
          Map.entry("e", simple("e", TextFilters::escaped)),
          Map.entry("escape", simple("escape", TextFilters::escaped)),
          Map.entry("forceescape", simple("forceescape", TextFilters::escaped)),
          Map.entry("indent", TextFilters::indent),
          Map.entry("lower", simple("lower", Texts::lower)),
          Map.entry("replace", TextFilters::replace),
          Map.entry("safe", simple("safe", text -> text)),
          Map.entry("string", simple("string", text -> text)),
          Map.entry("title", simple("title", TextFilters::title)),
          Map.entry("trim", TextFilters::trim),
          Map.entry("upper", simple("upper", Texts::upper)));

  private TextFilters() {}

  private static Filter simple(String name, UnaryOperator<String> change) {
    return (rendering, value, arguments) -> {
      arguments.requireNone(name);
      return rendering.budget().made(change.apply(PythonText.str(rendering, value)));
    };
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace(">", "&gt;")
        .replace("<", "&lt;")
        .replace("'", "&#39;")
        .replace("\"", "&#34;");
  }

  /** Upper case at the start and behind blanks, dashes and opening brackets, lower elsewhere. */
  private static String title(String text) {
    StringBuilder out = new StringBuilder();
    boolean begins = true;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int c = text.codePointAt(i);
      String character = Character.toString(c);
      out.append(begins ? Texts.upper(character) : Texts.lower(character));
      begins = Whitespace.is(c) || "-({[<".indexOf(c) >= 0;
    }
    return out.toString();
  }

  private static Object trim(Rendering rendering, Object value, Arguments arguments) {
    String characters = arguments.bind("trim", "chars").optionalText("chars");
    String text = PythonText.str(rendering, value);
    return rendering.budget().made(Texts.strip(text, characters, true, true));
  }

  private static Object replace(Rendering rendering, Object value, Arguments arguments) {
    Parameters p = arguments.bind("replace", "old", "new", "count");
    Object count = p.get("count", None.NONE);
    return Texts.replace(
        rendering.budget(),
        PythonText.str(rendering, value),
        PythonText.str(rendering, p.required("old")),
        PythonText.str(rendering, p.required("new")),
        count == None.NONE ? -1 : p.integer("count", -1));
  }

  private static Object indent(Rendering rendering, Object value, Arguments arguments) {
    Parameters p = arguments.bind("indent", "width", "first", "blank");
    if (!(value instanceof String text)) {
      throw Types.unsupported("indent", value);
    }
    String by =
        p.find("width") instanceof String given
            ? given
            : spaces(rendering.budget(), p.integer("width", 4));
    boolean blank = p.truth("blank", false);
    // Jinja appends a line end, so that a text that ends in one has an empty last line.
    List<Object> lines = Texts.lines(text + "\n", false);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < lines.size(); i++) {
      String line = (String) lines.get(i);
      boolean indented = i == 0 ? p.truth("first", false) : blank || !line.isEmpty();
      rendering.budget().characters((long) by.length() + line.length() + 1);
      out.append(i == 0 ? "" : "\n").append(indented ? by : "").append(line);
    }
    return rendering.budget().made(out.toString());
  }

  private static String spaces(Budget budget, long width) {
    long count = Math.max(0, width);
    budget.characters(count);
    return " ".repeat((int) count);
  }
}
