package dev.drey.runtime.cache;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The cache policies by name. */
public final class CachePolicies {
  private static final Map<String, Supplier<CachePolicy>> KNOWN =
      new TreeMap<>(
          Map.of("classic.lru", LruPolicy::new, "cacheless.load-use-drop", DropPolicy::new));

  private CachePolicies() {}

  /** The known names, in alphabetical order. */
  public static Set<String> names() {
    return Collections.unmodifiableSet(KNOWN.keySet());
  }

  /**
   * A new policy, empty.
   *
   * @throws IllegalArgumentException if the name is unknown; the message lists the known ones
   */
  public static CachePolicy named(String name) {
    Supplier<CachePolicy> known = KNOWN.get(name);
    if (known == null) {
      throw new IllegalArgumentException(
          "unknown cache policy '" + name + "'; known are " + KNOWN.keySet());
    }
    return known.get();
  }
}
