package dev.drey.runtime.residency;

import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.Expert;
import dev.drey.runtime.device.ExpertLayout;
import dev.drey.runtime.model.ExpertId;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Device memory for one expert. Guarded by the window's lock, except for what is final. */
final class Slot {
  static final long NOT_PREDICTED = -1;

  final int index;
  final DeviceBuffer buffer;
  final Expert expert;

  /** The memory as the host sees it; null if it does not. */
  final @Nullable ByteBuffer hostView;

  private SlotState state = SlotState.FREE;

  /** Who is in here, or on the way; null while free. */
  @Nullable ExpertId id;

  /** What is filling the slot, while in flight. */
  @Nullable ExpertLoad load;

  /** The demand that has yet to be handed this expert: the slot must not be evicted. */
  @Nullable LayerDemand owner;

  /** From when on the expert in here may be read. */
  DeviceEvent arrival = DeviceEvent.REACHED;

  /** When the memory may be written again. */
  DeviceEvent lastUse = DeviceEvent.REACHED;

  /** The position (see {@link Timeline}) an admitted prediction is for, or NOT_PREDICTED. */
  long predictedFor = NOT_PREDICTED;

  /** Loaded for a prediction and not used since. */
  boolean unusedPrefetch;

  /** When the last load into this slot was issued, and when its bytes began to move. */
  long issuedNanos;

  long startedNanos;

  /** Counts towards the prefetches' share of the slots. */
  boolean ahead;

  /** Its load has been told to stop and will report. */
  boolean stopping;

  Slot(int index, DeviceBuffer buffer, ExpertLayout layout, @Nullable ByteBuffer hostView) {
    this.index = index;
    this.buffer = buffer;
    this.expert = new Expert(layout, buffer);
    this.hostView = hostView;
  }

  SlotState state() {
    return state;
  }

  /** Changes the state. Only {@link SlotTable} may call it: it keeps the counts. */
  void become(SlotState next) {
    if (!state.mayBecome(next)) {
      throw new IllegalStateException(
          "slot %d (%s) cannot go from %s to %s".formatted(index, id, state, next));
    }
    state = next;
  }

  /** Whether a load for a prediction that nobody waits for is on its way. */
  boolean isPrefetching() {
    ExpertLoad running = load;
    return running != null && running.isPrefetch();
  }

  /** Whether the open demand does not need this expert, or not any more. */
  boolean isNotNeededNow() {
    return owner == null;
  }

  /** As {@link #isNotNeededNow}, and nothing predicts it either. */
  boolean isUnasked() {
    return owner == null && predictedFor == NOT_PREDICTED;
  }

  /** As {@link #isUnasked}, and the memory may be written at once. */
  boolean isIdle() {
    return isUnasked() && lastUse.reached();
  }
}
