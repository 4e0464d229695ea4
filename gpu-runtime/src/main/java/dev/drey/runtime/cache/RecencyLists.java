package dev.drey.runtime.cache;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;

/**
 * Some lists over the numbers below a limit, the longest untouched first; a number is in at most
 * one of them. Every operation takes constant time and no memory.
 */
final class RecencyLists {
  private static final int NONE = ExpertTable.NONE;

  private final int numbers;
  private final int[] next;
  private final int[] previous;
  private final int[] listOf;
  private final int[] sizes;

  /**
   * @param numbers limit of the numbers
   * @param lists how many lists
   */
  RecencyLists(int numbers, int lists) {
    this.numbers = numbers;
    this.next = new int[numbers + lists]; // behind the numbers, one end marker per list
    this.previous = new int[numbers + lists];
    this.listOf = new int[numbers];
    this.sizes = new int[lists];
    clear();
  }

  private void clear() {
    Arrays.fill(listOf, NONE);
    Arrays.fill(sizes, 0);
    for (int end = numbers; end < next.length; end++) {
      next[end] = end;
      previous[end] = end;
    }
  }

  /** Puts a number at the end of a list, taking it from where it was. */
  void append(int list, int number) {
    remove(number);
    int end = numbers + list;
    int last = previous[end];
    next[last] = number;
    previous[number] = last;
    next[number] = end;
    previous[end] = number;
    listOf[number] = list;
    sizes[list]++;
  }

  /** Takes a number from its list, if it is in one. */
  void remove(int number) {
    int list = listOf[number];
    if (list != NONE) {
      next[previous[number]] = next[number];
      previous[next[number]] = previous[number];
      listOf[number] = NONE;
      sizes[list]--;
    }
  }

  /** The list a number is in; NONE if in none. */
  int listOf(int number) {
    return listOf[number];
  }

  int size(int list) {
    return sizes[list];
  }

  /** The longest untouched of a list; NONE if it is empty. */
  int first(int list) {
    return numberAt(next[numbers + list]);
  }

  /** The one after a number in its list; NONE if it is the last. */
  int after(int number) {
    return numberAt(next[number]);
  }

  private int numberAt(int node) {
    return node < numbers ? node : NONE;
  }

  void write(DataOutputStream out) throws IOException {
    for (int list = 0; list < sizes.length; list++) {
      out.writeInt(sizes[list]);
      for (int number = first(list); number != NONE; number = after(number)) {
        out.writeInt(number);
      }
    }
  }

  void read(DataInputStream in) throws IOException {
    clear();
    for (int list = 0; list < sizes.length; list++) {
      for (int left = in.readInt(); left > 0; left--) {
        append(list, in.readInt());
      }
    }
  }
}
