package dev.drey.runtime.simulate;

/** First in, first out, with room for a fixed number. */
final class IntQueue {
  private final int[] values;
  private int head;
  private int size;

  IntQueue(int capacity) {
    values = new int[capacity];
  }

  void add(int value) {
    values[(head + size++) % values.length] = value;
  }

  int remove() {
    int value = values[head];
    head = (head + 1) % values.length;
    size--;
    return value;
  }

  /** The next to be removed. */
  int first() {
    return values[head];
  }

  boolean isEmpty() {
    return size == 0;
  }

  int size() {
    return size;
  }
}
