package dev.drey.runtime.simulate;

import java.util.Arrays;

/** Experts with the event of their next use, the farthest on top: a binary heap with places. */
final class FarthestFirst {
  private final int[] heap;
  private final int[] place;
  private final int[] key;
  private int size;

  /**
   * @param experts numbers are below this
   */
  FarthestFirst(int experts) {
    heap = new int[experts];
    place = new int[experts];
    key = new int[experts];
    Arrays.fill(place, -1);
  }

  int size() {
    return size;
  }

  boolean contains(int expert) {
    return place[expert] >= 0;
  }

  /** Adds an expert, or changes its next use. */
  void put(int expert, int nextUse) {
    key[expert] = nextUse;
    if (place[expert] < 0) {
      heap[size] = expert;
      place[expert] = size++;
    }
    up(place[expert]);
    down(place[expert]);
  }

  void remove(int expert) {
    int at = place[expert];
    if (at < 0) {
      return;
    }
    place[expert] = -1;
    int last = heap[--size];
    if (last != expert) {
      heap[at] = last;
      place[last] = at;
      up(at);
      down(place[last]);
    }
  }

  void removeFarthest() {
    remove(heap[0]);
  }

  private void up(int from) {
    int at = from;
    while (at > 0 && key[heap[at]] > key[heap[(at - 1) / 2]]) {
      swap(at, (at - 1) / 2);
      at = (at - 1) / 2;
    }
  }

  private void down(int from) {
    int at = from;
    while (true) {
      int largest = at;
      for (int child = 2 * at + 1; child <= 2 * at + 2 && child < size; child++) {
        if (key[heap[child]] > key[heap[largest]]) {
          largest = child;
        }
      }
      if (largest == at) {
        return;
      }
      swap(at, largest);
      at = largest;
    }
  }

  private void swap(int a, int b) {
    int expert = heap[a];
    heap[a] = heap[b];
    heap[b] = expert;
    place[heap[a]] = a;
    place[heap[b]] = b;
  }
}
