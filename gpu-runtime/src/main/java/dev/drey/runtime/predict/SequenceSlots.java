package dev.drey.runtime.predict;

import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * Gives sequences places in arrays of fixed size. If all places are taken, the sequence that has
 * not run for longest loses its own; one that finds none in a step is not followed in that step.
 * Finding one costs O(log n).
 */
final class SequenceSlots {
  /** The slot of a sequence that has none. */
  static final int NONE = -1;

  /** Sequences that are followed at the same time. */
  static final int CAPACITY = 512;

  // -- sequences that have a slot, by rising number
  private final int[] numbers = new int[CAPACITY];
  private final int[] slots = new int[CAPACITY];
  private int size;

  private final long[] lastUse = new long[CAPACITY];
  private final int[] free = new int[CAPACITY];
  private int freeCount;
  private long use;
  private int[] slotOfSpan = new int[8];

  SequenceSlots() {
    clear();
  }

  /** Forgets all sequences. */
  void clear() {
    size = 0;
    freeCount = CAPACITY;
    Arrays.setAll(free, i -> CAPACITY - 1 - i);
  }

  /**
   * Finds the slots of a step's sequences.
   *
   * @param opened is told each slot that now belongs to another sequence
   */
  void begin(StepRows rows, IntConsumer opened) {
    use++;
    if (slotOfSpan.length < rows.spans()) {
      slotOfSpan = new int[Math.max(2 * slotOfSpan.length, rows.spans())];
    }
    for (int span = 0; span < rows.spans(); span++) {
      int at = Arrays.binarySearch(numbers, 0, size, rows.sequence(span));
      int slot = at >= 0 ? slots[at] : open(rows.sequence(span), opened);
      slotOfSpan[span] = slot;
      if (slot != NONE) {
        lastUse[slot] = use;
      }
    }
  }

  private int open(int sequence, IntConsumer opened) {
    if (freeCount == 0 && !evict()) {
      return NONE;
    }
    int slot = free[--freeCount];
    int at = -1 - Arrays.binarySearch(numbers, 0, size, sequence);
    System.arraycopy(numbers, at, numbers, at + 1, size - at);
    System.arraycopy(slots, at, slots, at + 1, size - at);
    numbers[at] = sequence;
    slots[at] = slot;
    size++;
    opened.accept(slot);
    return slot;
  }

  private boolean evict() {
    int oldest = -1;
    for (int at = 0; at < size; at++) {
      if (lastUse[slots[at]] < use && (oldest < 0 || lastUse[slots[at]] < lastUse[slots[oldest]])) {
        oldest = at;
      }
    }
    if (oldest >= 0) {
      remove(oldest);
    }
    return oldest >= 0;
  }

  private int remove(int at) {
    int slot = slots[at];
    size--;
    System.arraycopy(numbers, at + 1, numbers, at, size - at);
    System.arraycopy(slots, at + 1, slots, at, size - at);
    free[freeCount++] = slot;
    return slot;
  }

  /** Slot of a span's sequence in the step that has begun, or NONE. */
  int ofSpan(int span) {
    return slotOfSpan[span];
  }

  /** Lets a sequence go; returns the slot it had, or NONE. */
  int end(int sequence) {
    int at = Arrays.binarySearch(numbers, 0, size, sequence);
    return at < 0 ? NONE : remove(at);
  }

  /** Tells every slot that belongs to a sequence. */
  void forEach(IntConsumer taker) {
    for (int at = 0; at < size; at++) {
      taker.accept(slots[at]);
    }
  }
}
