package dev.drey.runtime.transfer;

import dev.drey.runtime.device.CopyStream;
import dev.drey.runtime.device.DeviceBuffer;
import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.HostBuffer;
import dev.drey.runtime.device.MatrixLayout;
import dev.drey.runtime.memory.MemoryBudget;
import dev.drey.runtime.model.DType;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A device that takes copies, and may fail whoever waits for them. */
final class BrokenDevice extends FakeDevice {
  private final Supplier<@Nullable RuntimeException> failure;

  BrokenDevice(Supplier<@Nullable RuntimeException> failure) {
    super(true);
    this.failure = failure;
  }

  @Override
  public CopyStream newCopyStream(MemoryBudget budget) {
    CopyStream copies = super.newCopyStream(budget);
    return new CopyStream() {
      @Override
      public void copyBlock(
          HostBuffer source,
          int sourceOffset,
          DType type,
          MatrixLayout layout,
          int block,
          DeviceBuffer target) {
        copies.copyBlock(source, sourceOffset, type, layout, block, target);
      }

      @Override
      public void copyBytes(
          HostBuffer source, int sourceOffset, DeviceBuffer target, long targetOffset, int bytes) {
        copies.copyBytes(source, sourceOffset, target, targetOffset, bytes);
      }

      @Override
      public void copyBack(
          DeviceBuffer source, long sourceOffset, HostBuffer target, int targetOffset, int bytes) {
        copies.copyBack(source, sourceOffset, target, targetOffset, bytes);
      }

      @Override
      public DeviceEvent record() {
        DeviceEvent event = copies.record();
        return new DeviceEvent() {
          @Override
          public boolean reached() {
            return event.reached();
          }

          @Override
          public void await() {
            RuntimeException thrown = failure.get();
            if (thrown != null) {
              throw thrown;
            }
            event.await();
          }
        };
      }

      @Override
      public void close() {
        copies.close();
      }
    };
  }
}
