package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.HostBuffer;
import java.nio.ByteBuffer;
import jcuda.Pointer;

/** A {@link HostBuffer} in pinned memory. */
final class CudaHostBuffer implements HostBuffer {
  private final PinnedMemory memory;

  CudaHostBuffer(PinnedMemory memory) {
    this.memory = memory;
  }

  /** Where in a buffer a copy of so many bytes from or to it starts. */
  static Pointer at(HostBuffer buffer, long offset, long bytes) {
    if (!(buffer instanceof CudaHostBuffer host)) {
      throw new IllegalArgumentException(
          "the cuda device was given a host buffer of another device: "
              + buffer.getClass().getName());
    }
    if (offset < 0 || offset + bytes > host.memory.bytes()) {
      throw new IndexOutOfBoundsException(
          "%d bytes at %d of a host buffer of %d bytes"
              .formatted(bytes, offset, host.memory.bytes()));
    }
    return host.memory.at(offset);
  }

  @Override
  public ByteBuffer bytes() {
    return memory.view();
  }

  @Override
  public void close() {
    memory.close();
  }
}
