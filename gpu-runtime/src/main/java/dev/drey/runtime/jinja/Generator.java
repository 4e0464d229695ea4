package dev.drey.runtime.jinja;

import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What filters such as {@code select} give: items that are made when they are wanted, can be walked
 * once, and count as true even if there are none.
 */
final class Generator {
  private final Supplier<List<Object>> source;
  private @Nullable Iterator<Object> items;

  Generator(Supplier<List<Object>> source) {
    this.source = source;
  }

  /** What is left. */
  Iterator<Object> items() {
    if (items == null) {
      items = source.get().iterator();
    }
    return items;
  }
}
