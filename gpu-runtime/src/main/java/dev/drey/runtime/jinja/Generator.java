package dev.drey.runtime.jinja;

import java.util.Iterator;
import java.util.List;

/**
 * What filters such as {@code select} give: items that can be walked once, and that are true even
 * if there are none.
 */
final class Generator {
  private final Iterator<Object> items;

  Generator(List<Object> items) {
    this.items = items.iterator();
  }

  Iterator<Object> items() {
    return items;
  }
}
