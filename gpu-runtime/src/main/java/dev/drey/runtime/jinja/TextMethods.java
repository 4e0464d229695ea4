package dev.drey.runtime.jinja;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Methods of Python's {@code str}. */
final class TextMethods {
  private static final Set<String> UNSUPPORTED =
      Set.of(
          "format",
          "format_map",
          "encode",
          "translate",
          "maketrans",
          "expandtabs",
          "center",
          "ljust",
          "rjust",
          "zfill",
          "swapcase",
          "isidentifier",
          "isprintable",
          "isdecimal",
          "isnumeric",
          "isascii",
          "istitle");

  private TextMethods() {}

  /** The method of a text, or null if there is none of that name. */
  static @Nullable Object named(String self, String name) {
    if (UNSUPPORTED.contains(name)) {
      return new Undefined("the method '" + name + "' of str is not supported");
    }
    return function(self, name);
  }

  private static @Nullable Function function(String self, String name) {
    return switch (name) {
      case "upper" -> changed(name, () -> Texts.upper(self));
      case "lower" -> changed(name, () -> Texts.lower(self));
      case "casefold" ->
          changed(name, () -> self.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT));
      case "title" -> changed(name, () -> Texts.title(self));
      case "capitalize" -> changed(name, () -> Texts.capitalize(self));
      case "strip" -> stripping(name, self, true, true);
      case "lstrip" -> stripping(name, self, true, false);
      case "rstrip" -> stripping(name, self, false, true);
      case "split" -> splitting(name, self, false);
      case "rsplit" -> splitting(name, self, true);
      case "splitlines" ->
          (rendering, arguments) -> {
            boolean keep = arguments.bind(name, "keepends").truth("keepends", false);
            return made(rendering, self, Texts.lines(self, keep));
          };
      case "startswith" -> affix(name, self::startsWith);
      case "endswith" -> affix(name, self::endsWith);
      case "removeprefix" ->
          shortened(name, affix -> self.startsWith(affix) ? self.substring(affix.length()) : self);
      case "removesuffix" ->
          shortened(
              name,
              affix ->
                  self.endsWith(affix) ? self.substring(0, self.length() - affix.length()) : self);
      case "replace" ->
          (rendering, arguments) -> {
            Parameters p = arguments.bind(name, "old", "new", "count");
            return Texts.replace(
                rendering.budget(), self, p.text("old"), p.text("new"), p.integer("count", -1));
          };
      case "join" ->
          (rendering, arguments) ->
              join(rendering, self, arguments.bind(name, "iterable").required("iterable"));
      case "find", "index" -> finding(name, self, false);
      case "rfind", "rindex" -> finding(name, self, true);
      case "count" ->
          (rendering, arguments) -> {
            rendering.budget().step(self.length() / 16);
            return Texts.count(self, arguments.bind(name, "sub").text("sub"));
          };
      case "partition" -> partition(name, self, false);
      case "rpartition" -> partition(name, self, true);
      case "isdigit" -> all(name, self, Character::isDigit);
      case "isalpha" -> all(name, self, Character::isLetter);
      case "isalnum" -> all(name, self, Character::isLetterOrDigit);
      case "isspace" -> all(name, self, Whitespace::is);
      case "islower" -> cased(name, self, Character::isLowerCase);
      case "isupper" -> cased(name, self, Character::isUpperCase);
      default -> null;
    };
  }

  private interface Change {
    String make();
  }

  private static Function changed(String name, Change change) {
    return (rendering, arguments) -> {
      arguments.requireNone(name);
      return rendering.budget().made(change.make());
    };
  }

  private static Function stripping(String name, String self, boolean left, boolean right) {
    return (rendering, arguments) -> {
      String characters = arguments.bind(name, "chars").optionalText("chars");
      return rendering.budget().made(Texts.strip(self, characters, left, right));
    };
  }

  private static Function splitting(String name, String self, boolean fromEnd) {
    return (rendering, arguments) -> {
      Parameters p = arguments.bind(name, "sep", "maxsplit");
      String separator = p.optionalText("sep");
      long most = p.integer("maxsplit", -1);
      if (separator != null && separator.isEmpty()) {
        throw JinjaException.failed(name + " needs a separator that is not empty");
      }
      List<Object> parts =
          separator == null
              ? (fromEnd ? Texts.wordsFromEnd(self, most) : Texts.words(self, most))
              : fromEnd
                  ? Texts.splitFromEnd(self, separator, most)
                  : Texts.split(self, separator, most);
      return made(rendering, self, parts);
    };
  }

  private static List<Object> made(Rendering rendering, String self, List<Object> parts) {
    rendering.budget().characters(self.length());
    return rendering.budget().made(parts);
  }

  private interface AffixTest {
    boolean holds(String affix);
  }

  /** One affix, or a tuple of several of which one has to be there. */
  private static Function affix(String name, AffixTest test) {
    return (rendering, arguments) -> {
      Object affix = arguments.bind(name, "affix").required("affix");
      List<Object> affixes = affix instanceof Tuple tuple ? tuple.items() : List.of(affix);
      for (Object each : affixes) {
        if (!(each instanceof String text)) {
          throw Types.unsupported(name, each);
        }
        if (test.holds(text)) {
          return true;
        }
      }
      return false;
    };
  }

  private static Function shortened(String name, UnaryOperator<String> without) {
    return (rendering, arguments) ->
        rendering.budget().made(without.apply(arguments.bind(name, "affix").text("affix")));
  }

  private static String join(Rendering rendering, String separator, Object iterable) {
    StringBuilder text = new StringBuilder();
    boolean first = true;
    for (Object item : Items.of(rendering, iterable)) {
      if (!(item instanceof String part)) {
        throw Types.unsupported("join", item);
      }
      rendering.budget().characters((long) separator.length() + part.length());
      text.append(first ? "" : separator).append(part);
      first = false;
    }
    return rendering.budget().made(text.toString());
  }

  private static Function finding(String name, String self, boolean fromEnd) {
    return (rendering, arguments) -> {
      String part = arguments.bind(name, "sub").text("sub");
      rendering.budget().step(self.length() / 16);
      int at = fromEnd ? self.lastIndexOf(part) : self.indexOf(part);
      if (at < 0 && name.endsWith("index")) {
        throw JinjaException.failed(name + ": the text is not found");
      }
      return at < 0 ? -1L : (long) self.codePointCount(0, at);
    };
  }

  private static Function partition(String name, String self, boolean fromEnd) {
    return (rendering, arguments) -> {
      String separator = arguments.bind(name, "sep").text("sep");
      if (separator.isEmpty()) {
        throw JinjaException.failed(name + " needs a separator that is not empty");
      }
      int at = fromEnd ? self.lastIndexOf(separator) : self.indexOf(separator);
      rendering.budget().characters(self.length());
      if (at < 0) {
        return new Tuple(fromEnd ? List.of("", "", self) : List.of(self, "", ""));
      }
      String behind = self.substring(at + separator.length());
      return new Tuple(List.of(self.substring(0, at), separator, behind));
    };
  }

  private static Function all(String name, String self, IntPredicate test) {
    return (rendering, arguments) -> {
      arguments.requireNone(name);
      rendering.budget().step(self.length());
      return !self.isEmpty() && self.codePoints().allMatch(test);
    };
  }

  private static Function cased(String name, String self, IntPredicate test) {
    return (rendering, arguments) -> {
      arguments.requireNone(name);
      return isCased(rendering, self, test);
    };
  }

  /** Whether a text has letters with case, and the test holds for all of them. */
  static boolean isCased(Rendering rendering, String text, IntPredicate test) {
    rendering.budget().step(text.length());
    return text.codePoints().anyMatch(Texts::isCased)
        && text.codePoints().filter(Texts::isCased).allMatch(test);
  }
}
