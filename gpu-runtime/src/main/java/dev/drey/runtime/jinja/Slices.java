package dev.drey.runtime.jinja;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Python's slices. */
final class Slices {
  private Slices() {}

  /** The slice; a bound that is null was left out. */
  static Object of(
      Budget budget, Object value, @Nullable Long start, @Nullable Long stop, @Nullable Long step) {
    long by = step == null ? 1 : step;
    if (by == 0) {
      throw JinjaException.failed("a slice cannot have step 0");
    }
    if (value instanceof String text) {
      budget.characters(text.length());
      int[] characters = text.codePoints().toArray();
      StringBuilder part = new StringBuilder();
      walk(characters.length, start, stop, by, i -> part.appendCodePoint(characters[i]));
      return part.toString();
    }
    if (value instanceof Tuple tuple) {
      return new Tuple(part(budget, tuple.items(), start, stop, by));
    }
    if (value instanceof List<?> list) {
      return part(budget, list, start, stop, by);
    }
    throw Types.unsupported("slicing", value);
  }

  private static List<Object> part(
      Budget budget, List<?> list, @Nullable Long start, @Nullable Long stop, long step) {
    budget.items(list.size());
    List<Object> part = new ArrayList<>();
    walk(list.size(), start, stop, step, i -> part.add(list.get(i)));
    return part;
  }

  private interface Visitor {
    void visit(int index);
  }

  private static void walk(
      int length, @Nullable Long start, @Nullable Long stop, long step, Visitor visitor) {
    long least = step > 0 ? 0 : -1;
    long most = step > 0 ? length : length - 1L;
    long from = start == null ? (step > 0 ? least : most) : bound(start, length, least, most);
    long to = stop == null ? (step > 0 ? most : least) : bound(stop, length, least, most);
    // Steps beyond the length visit one item at most; cut, so that the index cannot overflow.
    long by = Math.max(-length - 1L, Math.min(step, length + 1L));
    for (long i = from; by > 0 ? i < to : i > to; i += by) {
      visitor.visit((int) i);
    }
  }

  private static long bound(long given, int length, long least, long most) {
    long index = given < 0 ? given + length : given;
    return Math.max(least, Math.min(index, most));
  }
}
