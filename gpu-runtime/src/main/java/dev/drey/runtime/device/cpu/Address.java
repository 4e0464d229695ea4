package dev.drey.runtime.device.cpu;

import org.bytedeco.javacpp.Pointer;

/** A pointer that can be moved, so that handing an address to native code allocates nothing. */
final class Address extends Pointer {
  /** Points to {@code target} from now on. */
  @SuppressWarnings("SelfReturn")
  Address at(long target) {
    address = target;
    return this;
  }
}
