package dev.drey.runtime.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.device.DeviceLostError;
import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.memory.MemoryBudget;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What streams wait for, and what the driver finds where they do not. */
class StreamOrderTest {
  private static final int NUMBERS = 1024;
  private static final int BYTES = NUMBERS * Float.BYTES;

  private final OpenResources open = new OpenResources("test");
  private final MemoryBudget budget = MemoryBudget.root("test", 1 << 20);
  private CudaContext context;
  private KernelLibrary kernels;
  private DeviceMemory slot;
  private PinnedMemory staging;
  private CommandQueue copies;
  private CommandQueue kernelsQueue;

  @BeforeEach
  void openAll() {
    FakeDriver.require();
    context = CudaContext.open(0);
    kernels = KernelLibrary.load(context);
    slot = new DeviceMemory(context, budget, BYTES, "slot", open);
    staging = new PinnedMemory(context, budget, BYTES, "staging", open);
    copies = new CommandQueue(context, false);
    kernelsQueue = new CommandQueue(context, false);
  }

  @AfterEach
  void closeAll() {
    kernelsQueue.close();
    copies.close();
    staging.close();
    slot.close();
    kernels.close();
    context.close();
    FakeDriver.requireClean();
  }

  private void copyIn(float number) {
    ByteBuffer view = staging.view();
    while (view.hasRemaining()) {
      view.putFloat(number);
    }
    copies.copyToDevice(slot.address(), staging.at(0), BYTES);
  }

  private void clamp(float limit) {
    kernelsQueue
        .launch(kernels.kernel("clamp"))
        .address(slot.address())
        .number((long) NUMBERS)
        .number(limit)
        .run(NUMBERS / 256, 256);
  }

  private float readBack() {
    kernelsQueue.copyToHost(staging.at(0), slot.address(), BYTES);
    kernelsQueue.synchronize();
    return staging.view().getFloat(BYTES - Float.BYTES);
  }

  @Test
  void aKernelBehindTheEventOfACopyReadsWhatWasCopiedThoughNobodyWaited() {
    copyIn(3);
    kernelsQueue.waitFor(copies.mark());
    clamp(2);
    assertThat(readBack()).isEqualTo(2);
  }

  @Test
  void aKernelThatDoesNotWaitForTheCopyIsFound() {
    copyIn(3);
    copies.mark();
    clamp(2);
    kernelsQueue.synchronize();
    assertThatThrownBy(copies::synchronize)
        .as("whichever comes second is told of")
        .isInstanceOf(DeviceLostError.class)
        .hasMessageContaining("copy to the device on stream")
        .hasMessageContaining("without waiting for it");
    FakeDriver.clear();
  }

  @Test
  void aCopyBehindTheEventOfAKernelOverwritesWhatTheKernelHasUsed() {
    copyIn(3);
    kernelsQueue.waitFor(copies.mark());
    clamp(2);
    copies.synchronize();
    copies.waitFor(kernelsQueue.mark());
    copyIn(1);
    kernelsQueue.waitFor(copies.mark());
    assertThat(readBack()).isEqualTo(1);
  }

  @Test
  void aCopyThatDoesNotWaitForTheLastKernelIsFound() {
    copyIn(3);
    kernelsQueue.waitFor(copies.mark());
    clamp(2);
    copies.synchronize();
    copyIn(1);
    copies.mark();
    kernelsQueue.synchronize();
    assertThatThrownBy(copies::synchronize)
        .isInstanceOf(DeviceLostError.class)
        .hasMessageContaining("copy to the device on stream")
        .hasMessageContaining("without waiting for it");
    FakeDriver.clear();
  }

  @Test
  void whoeverWaitsForAQueueThatOnlyWaitsIsBehindWhatItWaitsFor() {
    copyIn(3);
    kernelsQueue.waitFor(copies.mark());
    kernelsQueue.mark().await();
    staging.view().putFloat(BYTES - Float.BYTES, 9);
    assertThat(readBack()).isEqualTo(3);
  }
}
