package dev.drey.runtime.device;

import java.nio.ByteBuffer;

/**
 * Host memory from which the device can copy asynchronously (pinned, where that means something).
 * Smaller than 2 GiB.
 */
public interface HostBuffer extends AutoCloseable {
  /** The memory as a little-endian direct buffer; each call returns an independent view. */
  ByteBuffer bytes();

  /** Frees the memory and gives the reservation back. Closing twice is harmless. */
  @Override
  void close();
}
