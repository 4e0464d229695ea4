package dev.drey.runtime.device.reference;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.model.DType;

/** Copies at once; the layout is row-major, so a block is copied as it is. */
final class PlainCopyStream implements CopyStream {
  private final OpenResources open;
  private final OpenResources.Ticket ticket;

  PlainCopyStream(OpenResources open) {
    this.open = open;
    this.ticket = open.opened("copy stream");
  }

  @Override
  public void copyBlock(
      HostBuffer source,
      int sourceOffset,
      DType type,
      MatrixLayout layout,
      int block,
      DeviceBuffer target) {
    if (type != DType.BF16) {
      throw new IllegalArgumentException(
          "weights of type " + type + " for a " + layout.shape() + " matrix; expected BF16");
    }
    int bytes = Math.toIntExact(layout.shapeOf(block).elements() * type.bytes());
    copyBytes(source, sourceOffset, target, block * layout.blockStride(), bytes);
  }

  @Override
  public void copyBytes(
      HostBuffer source, int sourceOffset, DeviceBuffer target, long targetOffset, int bytes) {
    HeapBuffer.of(target).put(targetOffset, source.bytes(), sourceOffset, bytes);
  }

  @Override
  public void copyBack(
      DeviceBuffer source, long sourceOffset, HostBuffer target, int targetOffset, int bytes) {
    HeapBuffer.of(source).get(sourceOffset, target.bytes(), targetOffset, bytes);
  }

  @Override
  public DeviceEvent record() {
    return DeviceEvent.REACHED;
  }

  @Override
  public void close() {
    open.closed(ticket);
  }
}
