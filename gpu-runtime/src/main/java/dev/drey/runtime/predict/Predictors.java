package dev.drey.runtime.predict;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntFunction;

/** The predictors by name. */
public final class Predictors {
  private static final Map<String, IntFunction<ExpertPredictor>> KNOWN =
      new TreeMap<>(
          Map.of("gate.next-layer", NextLayerGatePredictor::new, "none", e -> new NoPredictor()));

  private Predictors() {}

  /** The known names, in alphabetical order. */
  public static Set<String> names() {
    return Collections.unmodifiableSet(KNOWN.keySet());
  }

  /**
   * A new predictor.
   *
   * @param experts routed experts per layer
   * @throws IllegalArgumentException if the name is unknown; the message lists the known ones
   */
  public static ExpertPredictor named(String name, int experts) {
    IntFunction<ExpertPredictor> known = KNOWN.get(name);
    if (known == null) {
      throw new IllegalArgumentException(
          "unknown predictor '" + name + "'; known are " + KNOWN.keySet());
    }
    return known.apply(experts);
  }
}
