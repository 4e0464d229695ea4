package dev.drey.runtime.device;

import dev.drey.runtime.model.DType;

/**
 * Moves weights from host to device memory and packs them on the way. Used by one transfer thread;
 * calls are ordered.
 */
public interface CopyStream extends AutoCloseable {
  /**
   * Copies one block of a matrix, converting and packing it into the device's layout.
   *
   * @param source rows {@code block * blockOutputs ...} of the matrix, row-major; must stay
   *     unchanged until {@link #record()}'s event is reached
   * @param sourceOffset first byte of the block in {@code source}
   * @param type element type in {@code source}
   * @param target device memory of the whole matrix, {@code layout.bytes()} long
   */
  void copyBlock(
      HostBuffer source,
      int sourceOffset,
      DType type,
      MatrixLayout layout,
      int block,
      DeviceBuffer target);

  /** Copies plain bytes. */
  void copyBytes(
      HostBuffer source, int sourceOffset, DeviceBuffer target, long targetOffset, int bytes);

  /**
   * Copies plain bytes back to the host, behind all copies issued so far. They are there when it
   * returns.
   */
  void copyBack(
      DeviceBuffer source, long sourceOffset, HostBuffer target, int targetOffset, int bytes);

  /** A point behind all copies issued so far. */
  DeviceEvent record();

  /**
   * Copies issued from here on happen after a point of another stream of the device. Only a device
   * that cannot order its streams makes the caller wait.
   */
  default void waitFor(DeviceEvent point) {
    point.await();
  }

  @Override
  void close();
}
