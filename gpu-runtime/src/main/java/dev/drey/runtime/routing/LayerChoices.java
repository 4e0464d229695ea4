package dev.drey.runtime.routing;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The choices of one layer's router. Learns from the first half of every prompt, measures on the
 * second halves.
 */
final class LayerChoices {
  private final int experts;
  private final int ranks;
  private final int[][] chosen;
  private final int learnt; // entries of a prompt that belong to its first half
  private final long[] learntCounts;

  /**
   * @param chosen {@code [prompt][token * ranks + rank]}
   */
  LayerChoices(int experts, int ranks, int[][] chosen) {
    this.experts = experts;
    this.ranks = ranks;
    this.chosen = chosen;
    this.learnt = chosen[0].length / ranks / 2 * ranks;
    this.learntCounts = new long[experts];
    for (int[] prompt : chosen) {
      count(prompt, 0, learnt, learntCounts);
    }
  }

  private static void count(int[] prompt, int from, int to, long[] counts) {
    for (int entry = from; entry < to; entry++) {
      counts[prompt[entry]]++;
    }
  }

  /** Choices of each expert, over both halves. */
  long[] counts() {
    long[] counts = learntCounts.clone();
    for (int[] prompt : chosen) {
      count(prompt, learnt, prompt.length, counts);
    }
    return counts;
  }

  double onPopularQuarter() {
    boolean[] quarter = quarter(learntCounts);
    double sum = 0;
    for (int[] prompt : chosen) {
      sum += share(prompt, quarter);
    }
    return sum / chosen.length;
  }

  double onOwnQuarter() {
    double sum = 0;
    for (int[] prompt : chosen) {
      long[] own = new long[experts];
      count(prompt, 0, learnt, own);
      sum += share(prompt, quarter(own));
    }
    return sum / chosen.length;
  }

  /** The most chosen quarter; ties go to those that all prompts chose more. */
  private boolean[] quarter(long[] counts) {
    List<Integer> order = new ArrayList<>();
    for (int expert = 0; expert < experts; expert++) {
      order.add(expert);
    }
    order.sort(
        Comparator.<Integer>comparingLong(expert -> -counts[expert])
            .thenComparingLong(expert -> -learntCounts[expert])
            .thenComparing(expert -> expert));
    boolean[] quarter = new boolean[experts];
    order.subList(0, (experts + 3) / 4).forEach(expert -> quarter[expert] = true);
    return quarter;
  }

  private double share(int[] prompt, boolean[] quarter) {
    int within = 0;
    for (int entry = learnt; entry < prompt.length; entry++) {
      within += quarter[prompt[entry]] ? 1 : 0;
    }
    return (double) within / (prompt.length - learnt);
  }

  /** How often the top expert is the one that is it most often. */
  double guessedByPopularity() {
    return guesses(new int[chosen.length][chosen[0].length], this);
  }

  /** How often the next layer's top expert is the one that goes most often with this one's. */
  double guesses(LayerChoices next) {
    return guesses(chosen, next);
  }

  private double guesses(int[][] known, LayerChoices next) {
    long[][] together = new long[experts][experts];
    long[] tops = new long[experts];
    for (int prompt = 0; prompt < known.length; prompt++) {
      for (int entry = 0; entry < learnt; entry += ranks) {
        int top = next.chosen[prompt][entry];
        together[known[prompt][entry]][top]++;
        tops[top]++;
      }
    }
    int[] guess = new int[experts];
    for (int expert = 0; expert < experts; expert++) {
      guess[expert] = most(together[expert], tops);
    }
    int hits = 0;
    int all = 0;
    for (int prompt = 0; prompt < known.length; prompt++) {
      for (int entry = learnt; entry < known[prompt].length; entry += ranks) {
        hits += guess[known[prompt][entry]] == next.chosen[prompt][entry] ? 1 : 0;
        all++;
      }
    }
    return (double) hits / all;
  }

  /** Where the count is largest; ties go to the larger of the others, then to the lower number. */
  private static int most(long[] counts, long[] others) {
    int most = 0;
    for (int i = 1; i < counts.length; i++) {
      if (counts[i] > counts[most] || (counts[i] == counts[most] && others[i] > others[most])) {
        most = i;
      }
    }
    return most;
  }
}
