package dev.drey.runtime.cache;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/** The cache policies by name. */
public final class CachePolicies {
  /** The policy of an engine that is told nothing else; {@code docs/policies.md} says why. */
  public static final String DEFAULT = "cyclic.scan";

  private static final Map<String, Function<CacheShape, CachePolicy>> KNOWN =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("cacheless.load-use-drop", shape -> new DropPolicy()),
              Map.entry("classic.arc", ArcPolicy::textbook),
              Map.entry("classic.layer-lru", LayerLruPolicy::new),
              Map.entry("classic.lfu", LfuPolicy::new),
              Map.entry("classic.lru", LruPolicy::new),
              Map.entry("cyclic.scan", CyclicScanPolicy::new),
              Map.entry("edgemoe.distance", DistancePolicy::new),
              Map.entry("fate.arc", ArcPolicy::fate),
              Map.entry("finemoe.inverse-probability", ProbabilityPolicy::new),
              Map.entry("hobbit.weighted", WeightedPolicy::new),
              Map.entry("infinity.activation", ActivationPolicy::new),
              Map.entry("stale.least", StalePolicy::new),
              Map.entry("static.popularity", PopularityPolicy::new)));

  private CachePolicies() {}

  /** The names of all policies that can run an engine, in alphabetical order. */
  public static Set<String> names() {
    return Collections.unmodifiableSet(KNOWN.keySet());
  }

  /**
   * A new policy that has seen nothing.
   *
   * @throws IllegalArgumentException if the name is unknown; the message lists the known ones
   */
  public static CachePolicy named(String name, CacheShape shape) {
    Function<CacheShape, CachePolicy> known = KNOWN.get(name);
    if (known == null) {
      String hint =
          name.equals("offline.belady")
              ? "; offline.belady must know the future and exists in simulations only"
              : "";
      throw new IllegalArgumentException(
          "unknown cache policy '" + name + "'; known are " + KNOWN.keySet() + hint);
    }
    return known.apply(shape);
  }
}
