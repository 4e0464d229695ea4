package dev.drey.runtime.device.cpu;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_set_data_handle;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.model.DType;
import dev.drey.runtime.model.MatrixShape;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;

/**
 * Copies on the calling thread, packing weights into the format of the products with a oneDNN
 * reorder. One reorder per block shape is compiled when it is first met.
 */
final class CpuCopyStream implements CopyStream {
  /** The way to pack blocks of one shape. */
  private static final class Packer implements AutoCloseable {
    private final reorder primitive;
    private final memory from;
    private final memory to;
    private final dnnl_memory fromHandle;
    private final dnnl_memory toHandle;
    private final dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(2);
    private final Address address = new Address();

    Packer(engine cpu, MatrixShape block, WeightFormat format) {
      try (memory.desc plain =
              new memory.desc(
                  new long[] {block.inputs(), block.outputs()},
                  memory.data_type.bf16,
                  memory.format_tag.ba);
          primitive_attr attributes = new primitive_attr();
          reorder.primitive_desc description =
              new reorder.primitive_desc(cpu, plain, cpu, format.descriptor(), attributes, false)) {
        primitive = new reorder(description);
        from = new memory(plain, cpu, new Address());
        to = new memory(format.descriptor(), cpu, new Address());
      }
      fromHandle = from.get();
      toHandle = to.get();
      arguments.position(0).arg(DNNL_ARG_FROM).memory(fromHandle);
      arguments.position(1).arg(DNNL_ARG_TO).memory(toHandle);
      arguments.position(0);
    }

    void run(stream queue, long source, long target) {
      dnnl_memory_set_data_handle(fromHandle, address.at(source));
      dnnl_memory_set_data_handle(toHandle, address.at(target));
      int status = dnnl_primitive_execute(primitive.get(), queue.get(), 2, arguments);
      if (status != dnnl_success) {
        throw new IllegalStateException("oneDNN failed with status " + status + " in packing");
      }
    }

    @Override
    public void close() {
      arguments.close();
      from.close();
      to.close();
      primitive.close();
    }
  }

  private final CpuDevice device;
  private final Runnable onClose;
  private final stream queue;
  private final Map<MatrixShape, Packer> packers = new HashMap<>();
  private boolean closed;

  CpuCopyStream(CpuDevice device, Runnable onClose) {
    this.device = device;
    this.onClose = onClose;
    this.queue = new stream(device.library().engine());
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
          "weights of type %s for a %s matrix; the cpu device packs BF16 only"
              .formatted(type, layout.shape()));
    }
    MatrixShape shape = layout.shapeOf(block);
    long from = sourceAddress(source, sourceOffset, shape.elements() * type.bytes());
    long to = NativeBuffer.of(target, layout.bytes()).address() + block * layout.blockStride();
    Packer packer = packers.get(shape);
    if (packer == null) {
      packer = new Packer(device.library().engine(), shape, device.format(shape));
      packers.put(shape, packer);
    }
    packer.run(queue, from, to);
  }

  @Override
  public void copyBytes(
      HostBuffer source, int sourceOffset, DeviceBuffer target, long targetOffset, int bytes) {
    sourceAddress(source, sourceOffset, bytes);
    NativeBuffer to = NativeBuffer.of(target, targetOffset + bytes);
    to.segment(targetOffset)
        .put(
            to.within(targetOffset),
            NativeHostBuffer.memoryOf(source).segment(0),
            sourceOffset,
            bytes);
  }

  @Override
  public void copyBack(
      DeviceBuffer source, long sourceOffset, HostBuffer target, int targetOffset, int bytes) {
    sourceAddress(target, targetOffset, bytes);
    NativeBuffer from = NativeBuffer.of(source, sourceOffset + bytes);
    NativeHostBuffer.memoryOf(target)
        .segment(0)
        .put(targetOffset, from.segment(sourceOffset), from.within(sourceOffset), bytes);
  }

  private static long sourceAddress(HostBuffer source, int offset, long bytes) {
    NativeMemory memory = NativeHostBuffer.memoryOf(source);
    if (offset < 0 || offset + bytes > memory.bytes()) {
      throw new IndexOutOfBoundsException(
          "%d bytes at %d of a host buffer of %d bytes".formatted(bytes, offset, memory.bytes()));
    }
    return memory.address() + offset;
  }

  /** Always reached: copies are done when they return. */
  @Override
  public DeviceEvent record() {
    return DeviceEvent.REACHED;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      packers.values().forEach(Packer::close);
      queue.close();
      onClose.run();
    }
  }
}
