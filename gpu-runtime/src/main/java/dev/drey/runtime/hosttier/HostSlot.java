package dev.drey.runtime.hosttier;

import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.HostBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Host memory for one expert. Guarded by the tier's lock, except for what is final. */
final class HostSlot {
  static final int NOBODY = -1;

  final HostBuffer slab;
  final int offset;

  /** Number of the expert that is in here, or is being read; NOBODY while free. */
  int expert = NOBODY;

  /** Whether all of the expert has been read. */
  boolean full;

  /** Fetches that read or fill it. */
  int users;

  private final List<DeviceEvent> copies = new ArrayList<>();

  HostSlot(HostBuffer slab, int offset) {
    this.slab = slab;
    this.offset = offset;
  }

  /** Part of the slot, to be filled. */
  ByteBuffer view(int from, int bytes) {
    return slab.bytes().slice(offset + from, bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** A fetch has ended whose copies are done at that point. */
  void left(DeviceEvent copied) {
    users--;
    copies.removeIf(DeviceEvent::reached);
    if (!copied.reached()) {
      copies.add(copied);
    }
  }

  /** Whether nobody reads it, neither a fetch nor a copy under way. */
  boolean isIdle() {
    copies.removeIf(DeviceEvent::reached);
    return users == 0 && copies.isEmpty();
  }
}
