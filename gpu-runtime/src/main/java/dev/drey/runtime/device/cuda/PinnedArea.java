package dev.drey.runtime.device.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;

/** Part of pinned memory. */
record PinnedArea(PinnedMemory memory, int offset, int bytes) {
  /** A little-endian view. */
  ByteBuffer view() {
    return memory.view().slice(offset, bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Where a copy from or to the area starts. */
  Pointer at(int from) {
    return memory.at((long) offset + from);
  }
}
