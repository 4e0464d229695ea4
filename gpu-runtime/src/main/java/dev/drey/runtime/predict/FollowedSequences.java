package dev.drey.runtime.predict;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a predictor that compares sequences with a collection knows of each running one, within the
 * bounds of {@link SequenceSlots}, and, for each span of the step, what its sequence is most like.
 *
 * @param <T> what is known of a sequence; kept for another one when it ends
 */
final class FollowedSequences<T> {
  private final Supplier<T> create;
  private final Consumer<T> clear;
  private final int mostNearest;
  private final SequenceSlots slots = new SequenceSlots();
  private final IntConsumer opened = this::opened;
  private final List<T> states = new ArrayList<>(); // by slot
  private NearestMatrices[] nearest = new NearestMatrices[0];

  /**
   * @param create makes an empty state
   * @param clear empties one
   * @param mostNearest matrices a sequence is compared to at most
   */
  FollowedSequences(Supplier<T> create, Consumer<T> clear, int mostNearest) {
    this.create = create;
    this.clear = clear;
    this.mostNearest = mostNearest;
  }

  /** Finds the sequences of a step; nothing is near to them yet. */
  void begin(StepRows rows) {
    slots.begin(rows, opened);
    if (nearest.length < rows.spans()) {
      nearest = new NearestMatrices[rows.spans()];
      Arrays.setAll(nearest, span -> new NearestMatrices(mostNearest));
    }
    for (int span = 0; span < rows.spans(); span++) {
      nearest[span].clear();
    }
  }

  private void opened(int slot) {
    while (states.size() <= slot) {
      states.add(create.get());
    }
    clear.accept(states.get(slot));
  }

  /** The state of a span's sequence; null if it is not followed in this step. */
  @Nullable T ofSpan(int span) {
    int slot = slots.ofSpan(span);
    return slot == SequenceSlots.NONE ? null : states.get(slot);
  }

  /** What a span's sequence is most like. */
  NearestMatrices nearest(int span) {
    return nearest[span];
  }

  /** Lets a sequence go; returns the state it had, or null. */
  @Nullable T end(int sequence) {
    int slot = slots.end(sequence);
    return slot == SequenceSlots.NONE ? null : states.get(slot);
  }

  /** Tells the state of every sequence that is followed. */
  void forEach(Consumer<T> taker) {
    slots.forEach(slot -> taker.accept(states.get(slot)));
  }

  /** Forgets all sequences. */
  void clear() {
    slots.clear();
  }
}
