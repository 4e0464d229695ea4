package dev.drey.runtime.device;

/**
 * Bytes in a device's own memory. Only the device that made it can read or write it; everyone else
 * passes it around. Zero-filled when allocated, aligned to at least 64 bytes.
 */
public interface DeviceBuffer extends AutoCloseable {
  /** Size in bytes. */
  long bytes();

  /**
   * A view of part of this buffer. Closing the view does nothing; it is valid while this buffer is
   * open.
   *
   * @param offset in bytes, a multiple of 16
   * @param bytes size of the view
   */
  DeviceBuffer slice(long offset, long bytes);

  /** Frees the memory and gives the reservation back. Closing twice is harmless. */
  @Override
  void close();
}
