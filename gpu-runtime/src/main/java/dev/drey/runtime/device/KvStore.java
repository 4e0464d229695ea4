package dev.drey.runtime.device;

/**
 * The device memory behind the paged key/value pool: the same block index addresses every layer.
 * Stored in the compute type's activation type. Opaque to everyone but the device.
 */
public interface KvStore extends AutoCloseable {
  /** The shape it was made for. */
  KvShape shape();

  /** Number of blocks. */
  int blocks();

  /** Frees the memory and gives the reservation back. Closing twice is harmless. */
  @Override
  void close();
}
