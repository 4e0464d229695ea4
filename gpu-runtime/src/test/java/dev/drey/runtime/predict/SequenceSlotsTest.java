package dev.drey.runtime.predict;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SequenceSlotsTest {
  private final SequenceSlots slots = new SequenceSlots();
  private final List<Integer> opened = new ArrayList<>();

  private int[] begin(int... sequences) {
    StepRows rows = new StepRows();
    rows.begin(0, null);
    for (int sequence : sequences) {
      rows.add(sequence, 1, 1, 1);
    }
    opened.clear();
    slots.begin(rows, opened::add);
    return IntStream.range(0, sequences.length).map(slots::ofSpan).toArray();
  }

  @Test
  void aSequenceKeepsItsSlotUntilItEnds() {
    int[] first = begin(5, 3, 9);
    assertThat(opened).hasSize(3);
    assertThat(begin(9, 5)).containsExactly(first[2], first[0]);
    assertThat(opened).isEmpty();

    assertThat(slots.end(5)).isEqualTo(first[0]);
    assertThat(slots.end(5)).isEqualTo(SequenceSlots.NONE);
    begin(5);
    assertThat(opened).hasSize(1);
  }

  @Test
  void withoutRoomTheSequenceThatHasNotRunForLongestLosesItsSlot() {
    int[] all = IntStream.range(0, SequenceSlots.CAPACITY).toArray();
    int[] first = begin(all);
    assertThat(first).doesNotHaveDuplicates().doesNotContain(SequenceSlots.NONE);
    begin(IntStream.range(1, SequenceSlots.CAPACITY).toArray());

    assertThat(begin(10_000)).containsExactly(first[0]);
    assertThat(begin(0)).containsExactly(first[1]);
  }

  @Test
  void aStepWithMoreSequencesThanSlotsLeavesTheLastOnesOut() {
    int[] found = begin(IntStream.range(0, SequenceSlots.CAPACITY + 2).toArray());
    assertThat(found).endsWith(SequenceSlots.NONE, SequenceSlots.NONE);
    assertThat(opened).hasSize(SequenceSlots.CAPACITY);
  }

  @Test
  void clearedSlotsAreAllFree() {
    begin(IntStream.range(0, SequenceSlots.CAPACITY).toArray());
    slots.clear();
    begin(IntStream.range(0, SequenceSlots.CAPACITY).toArray());
    assertThat(opened).hasSize(SequenceSlots.CAPACITY).doesNotHaveDuplicates();
  }
}
