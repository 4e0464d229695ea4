package dev.drey.it.testing;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Combinations of choices: all of them, or few in which every two choices of different kinds still
 * meet. Both always the same.
 */
public final class Pairwise {
  private Pairwise() {}

  private record Pair(int kind, Object value, int otherKind, Object otherValue) {}

  /** All combinations. */
  public static List<List<Object>> product(List<List<?>> choices) {
    List<List<Object>> rows = List.of(List.of());
    for (List<?> kind : choices) {
      List<List<Object>> longer = new ArrayList<>();
      for (List<Object> row : rows) {
        for (Object value : kind) {
          List<Object> next = new ArrayList<>(row);
          next.add(value);
          longer.add(next);
        }
      }
      rows = longer;
    }
    return rows;
  }

  /**
   * Combinations that hold every pair, chosen greedily: each is, of all there are, the first with
   * the most pairs not seen before.
   */
  public static List<List<Object>> rows(List<List<?>> choices) {
    List<List<Object>> all = product(choices);
    Set<Pair> missing = new HashSet<>();
    all.forEach(row -> missing.addAll(pairs(row)));
    List<List<Object>> chosen = new ArrayList<>();
    while (!missing.isEmpty()) {
      List<Object> best = List.of();
      int most = 0;
      for (List<Object> row : all) {
        int news = 0;
        for (Pair pair : pairs(row)) {
          news += missing.contains(pair) ? 1 : 0;
        }
        if (news > most) {
          most = news;
          best = row;
        }
      }
      chosen.add(best);
      pairs(best).forEach(missing::remove);
    }
    return chosen;
  }

  private static List<Pair> pairs(List<Object> row) {
    List<Pair> pairs = new ArrayList<>();
    for (int kind = 0; kind < row.size(); kind++) {
      for (int other = kind + 1; other < row.size(); other++) {
        pairs.add(new Pair(kind, row.get(kind), other, row.get(other)));
      }
    }
    return pairs;
  }
}
