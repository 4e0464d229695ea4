package dev.drey.runtime.device.cpu;

import dev.drey.runtime.device.HostBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Host memory for transfers; on this device the same kind of memory as everything else. */
final class NativeHostBuffer implements HostBuffer {
  private final NativeMemory memory;

  NativeHostBuffer(NativeMemory memory) {
    this.memory = memory;
  }

  static NativeMemory memoryOf(HostBuffer buffer) {
    if (buffer instanceof NativeHostBuffer hostBuffer) {
      return hostBuffer.memory;
    }
    throw new IllegalArgumentException(
        "the cpu device was given a host buffer of another device: " + buffer.getClass().getName());
  }

  @Override
  public ByteBuffer bytes() {
    return memory.segment(0).duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() {
    memory.close();
  }
}
