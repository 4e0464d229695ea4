package dev.drey.runtime.jinja;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Operations of Python's {@code str}; a character is a code point. */
final class Texts {
  private Texts() {}

  /**
   * Takes characters away from the ends.
   *
   * @param characters which; null for white space
   */
  static String strip(String text, @Nullable String characters, boolean left, boolean right) {
    int start = 0;
    int end = text.length();
    while (left && start < end && strips(text.codePointAt(start), characters)) {
      start += Character.charCount(text.codePointAt(start));
    }
    while (right && start < end && strips(text.codePointBefore(end), characters)) {
      end -= Character.charCount(text.codePointBefore(end));
    }
    return text.substring(start, end);
  }

  private static boolean strips(int c, @Nullable String characters) {
    return characters == null ? Whitespace.is(c) : characters.indexOf(c) >= 0;
  }

  /**
   * Replaces a part.
   *
   * @param most how often, from the start; negative for always
   */
  static String replace(Budget budget, String text, String part, String by, long most) {
    StringBuilder out = new StringBuilder();
    int position = 0;
    long done = 0;
    while (most < 0 || done < most) {
      int at = position > text.length() ? -1 : text.indexOf(part, position);
      if (at < 0) {
        break;
      }
      // An empty part is found before every character and at the end.
      int copied = part.isEmpty() && at < text.length() ? text.offsetByCodePoints(at, 1) : at;
      budget.characters((long) by.length() + copied - position);
      if (part.isEmpty()) {
        out.append(by).append(text, at, copied);
        position = at < text.length() ? copied : copied + 1;
      } else {
        out.append(text, position, at).append(by);
        position = at + part.length();
      }
      done++;
    }
    if (position < text.length()) {
      budget.characters(text.length() - position);
      out.append(text, position, text.length());
    }
    return out.toString();
  }

  /** Parts between separators, at most {@code most + 1} of them, or all if that is negative. */
  static List<Object> split(String text, String separator, long most) {
    List<Object> parts = new ArrayList<>();
    int position = 0;
    for (int at = text.indexOf(separator);
        at >= 0 && (most < 0 || parts.size() < most);
        at = text.indexOf(separator, position)) {
      parts.add(text.substring(position, at));
      position = at + separator.length();
    }
    parts.add(text.substring(position));
    return parts;
  }

  /** The same, cut from the end. */
  static List<Object> splitFromEnd(String text, String separator, long most) {
    List<Object> parts = new ArrayList<>();
    int end = text.length();
    int at = text.lastIndexOf(separator);
    while (at >= 0 && (most < 0 || parts.size() < most)) {
      parts.add(text.substring(at + separator.length(), end));
      end = at;
      int next = end - separator.length();
      at = next < 0 ? -1 : text.lastIndexOf(separator, next);
    }
    parts.add(text.substring(0, end));
    Collections.reverse(parts);
    return parts;
  }

  /** Words between white space; what is left after {@code most} cuts keeps its inner space. */
  static List<Object> words(String text, long most) {
    List<Object> words = new ArrayList<>();
    int position = Whitespace.skip(text, 0);
    while (position < text.length()) {
      if (most >= 0 && words.size() == most) {
        words.add(text.substring(position));
        break;
      }
      int end = position;
      while (end < text.length() && !Whitespace.is(text.charAt(end))) {
        end++;
      }
      words.add(text.substring(position, end));
      position = Whitespace.skip(text, end);
    }
    return words;
  }

  /** The same, cut from the end. */
  static List<Object> wordsFromEnd(String text, long most) {
    List<Object> words = new ArrayList<>();
    int end = Whitespace.lengthWithoutEnd(text, text.length());
    while (end > 0) {
      if (most >= 0 && words.size() == most) {
        words.add(text.substring(0, end));
        break;
      }
      int start = end;
      while (start > 0 && !Whitespace.is(text.charAt(start - 1))) {
        start--;
      }
      words.add(text.substring(start, end));
      end = Whitespace.lengthWithoutEnd(text, start);
    }
    Collections.reverse(words);
    return words;
  }

  /** Lines, with their ends if wanted; {@code \r\n} is one end. */
  static List<Object> lines(String text, boolean keepEnds) {
    List<Object> lines = new ArrayList<>();
    int position = 0;
    while (position < text.length()) {
      int end = position;
      while (end < text.length() && !Whitespace.isLineEnd(text.charAt(end))) {
        end++;
      }
      int behind = end;
      if (behind < text.length()) {
        behind += text.startsWith("\r\n", behind) ? 2 : 1;
      }
      lines.add(text.substring(position, keepEnds ? behind : end));
      position = behind;
    }
    return lines;
  }

  static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  static String upper(String text) {
    return text.toUpperCase(Locale.ROOT);
  }

  /** The first character as in a title, the others lower. */
  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int second = text.offsetByCodePoints(0, 1);
    return Character.toString(Character.toTitleCase(text.codePointAt(0)))
        + lower(text.substring(second));
  }

  /** Every run of letters capitalized. */
  static String title(String text) {
    StringBuilder out = new StringBuilder();
    boolean inWord = false;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int c = text.codePointAt(i);
      out.appendCodePoint(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inWord = isCased(c);
    }
    return out.toString();
  }

  static boolean isCased(int c) {
    return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
  }

  /** How often a part is there, without overlaps. */
  static long count(String text, String part) {
    if (part.isEmpty()) {
      return text.codePointCount(0, text.length()) + 1L;
    }
    long count = 0;
    for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length())) {
      count++;
    }
    return count;
  }
}
