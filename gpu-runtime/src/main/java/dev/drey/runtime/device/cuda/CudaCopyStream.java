package dev.drey.runtime.device.cuda;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.model.DType;
import jcuda.Pointer;

/**
 * Copies from pinned memory in a stream of its own, beside whatever is computed. Weights are used
 * as they lie in files, so there is nothing to pack.
 */
final class CudaCopyStream implements CopyStream {
  private final CommandQueue queue;
  private final Runnable onClose;

  CudaCopyStream(CommandQueue queue, Runnable onClose) {
    this.queue = queue;
    this.onClose = onClose;
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
          "weights of type %s for a %s matrix; the cuda device takes BF16 only"
              .formatted(type, layout.shape()));
    }
    long bytes = layout.shapeOf(block).elements() * type.bytes();
    Pointer from = CudaHostBuffer.at(source, sourceOffset, bytes);
    long to = CudaBuffer.address(target, layout.bytes()) + block * layout.blockStride();
    queue.enter();
    queue.copyToDevice(to, from, bytes);
  }

  @Override
  public void copyBytes(
      HostBuffer source, int sourceOffset, DeviceBuffer target, long targetOffset, int bytes) {
    Pointer from = CudaHostBuffer.at(source, sourceOffset, bytes);
    if (targetOffset < 0) {
      throw new IndexOutOfBoundsException("%d bytes at %d".formatted(bytes, targetOffset));
    }
    long to = CudaBuffer.address(target, targetOffset + bytes) + targetOffset;
    queue.enter();
    queue.copyToDevice(to, from, bytes);
  }

  @Override
  public void copyBack(
      DeviceBuffer source, long sourceOffset, HostBuffer target, int targetOffset, int bytes) {
    Pointer to = CudaHostBuffer.at(target, targetOffset, bytes);
    long from = CudaBuffer.address(source, sourceOffset + bytes) + sourceOffset;
    queue.enter();
    queue.copyToHost(to, from, bytes);
    queue.mark().await();
  }

  @Override
  public DeviceEvent record() {
    queue.enter();
    return queue.mark();
  }

  @Override
  public void waitFor(DeviceEvent point) {
    queue.enter();
    queue.waitFor(point);
  }

  @Override
  public void close() {
    queue.close();
    onClose.run();
  }
}
