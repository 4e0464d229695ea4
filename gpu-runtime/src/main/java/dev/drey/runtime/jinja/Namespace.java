package dev.drey.runtime.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@code namespace()} gives: the one value whose attributes a template can set. */
final class Namespace {
  private final Map<String, Object> attributes = new HashMap<>();

  @Nullable Object get(String name) {
    return attributes.get(name);
  }

  void set(String name, Object value) {
    attributes.put(name, value);
  }
}
