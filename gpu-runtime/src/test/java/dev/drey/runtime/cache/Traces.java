package dev.drey.runtime.cache;

import java.util.Random;
import java.util.TreeSet;

/** Random demands. */
final class Traces {
  private Traces() {}

  /** So many distinct experts, rising, low ones more often than high ones. */
  static int[] skewed(Random random, int experts, int count) {
    TreeSet<Integer> chosen = new TreeSet<>();
    while (chosen.size() < count) {
      double u = random.nextDouble();
      chosen.add((int) (experts * u * u));
    }
    return chosen.stream().mapToInt(Integer::intValue).toArray();
  }
}
