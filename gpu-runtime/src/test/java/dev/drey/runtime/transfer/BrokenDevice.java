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

/** A device that takes copies, and fails where it is told to. */
public final class BrokenDevice extends FakeDevice {
  private final Supplier<@Nullable RuntimeException> waiting;
  private final Supplier<@Nullable RuntimeException> recording;
  private final Supplier<@Nullable RuntimeException> closing;

  private BrokenDevice(
      Supplier<@Nullable RuntimeException> waiting,
      Supplier<@Nullable RuntimeException> recording,
      Supplier<@Nullable RuntimeException> closing) {
    super(true);
    this.waiting = waiting;
    this.recording = recording;
    this.closing = closing;
  }

  /** Fails whoever waits for a copy. */
  static BrokenDevice whoseCopiesFail(Supplier<@Nullable RuntimeException> failure) {
    return new BrokenDevice(failure, () -> null, () -> null);
  }

  /** Fails whoever asks for an event. */
  static BrokenDevice thatRecordsNothing(Supplier<@Nullable RuntimeException> failure) {
    return new BrokenDevice(() -> null, failure, () -> null);
  }

  /** Closes its copy streams and fails. */
  public static BrokenDevice whoseStreamsDoNotClose(RuntimeException failure) {
    return new BrokenDevice(() -> null, () -> null, () -> failure);
  }

  private static void fail(Supplier<@Nullable RuntimeException> question) {
    RuntimeException thrown = question.get();
    if (thrown != null) {
      throw thrown;
    }
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
        fail(recording);
        DeviceEvent event = copies.record();
        return new DeviceEvent() {
          @Override
          public boolean reached() {
            return event.reached();
          }

          @Override
          public void await() {
            fail(waiting);
            event.await();
          }
        };
      }

      @Override
      public void close() {
        copies.close();
        fail(closing);
      }
    };
  }
}
