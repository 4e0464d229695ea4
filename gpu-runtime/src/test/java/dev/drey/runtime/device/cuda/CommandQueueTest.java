package dev.drey.runtime.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.drey.runtime.device.DeviceEvent;
import dev.drey.runtime.device.DeviceLostError;
import dev.drey.runtime.device.OpenResources;
import dev.drey.runtime.memory.MemoryBudget;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Launches, points and errors, below the device. */
class CommandQueueTest {
  private final OpenResources open = new OpenResources("test");
  private final MemoryBudget budget = MemoryBudget.root("test", 1 << 20);

  @BeforeEach
  void needsTheFakeDriver() {
    FakeDriver.require();
  }

  @AfterEach
  void nothingIsLeft() {
    FakeDriver.requireClean();
  }

  /** Something to do: limits numbers to plus or minus 1. */
  private static void clamp(CommandQueue queue, KernelLibrary kernels, long address, long count) {
    queue
        .launch(kernels.kernel("clamp"))
        .address(address)
        .number(count)
        .number(1f)
        .run((count + 255) / 256, 256);
  }

  @Test
  @Timeout(60)
  void pointsAreReachedInOrderAndStayReached() {
    try (CudaContext context = CudaContext.open(0);
        KernelLibrary kernels = KernelLibrary.load(context);
        DeviceMemory memory = new DeviceMemory(context, budget, 4096, "memory", open);
        CommandQueue queue = new CommandQueue(context, false)) {
      assertThat(queue.mark().reached()).as("nothing was issued").isTrue();
      List<DeviceEvent> points = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        clamp(queue, kernels, memory.address(), 1024);
        points.add(queue.mark());
      }
      points.get(60).await();
      assertThat(points.subList(0, 61)).allMatch(DeviceEvent::reached);
      queue.synchronize();
      assertThat(points).allMatch(DeviceEvent::reached);
      points.get(99).await();
    }
  }

  @Test
  @Timeout(60)
  void manyThreadsMayWaitForPointsWhileMoreAreMarked() throws InterruptedException {
    try (CudaContext context = CudaContext.open(0);
        KernelLibrary kernels = KernelLibrary.load(context);
        DeviceMemory memory = new DeviceMemory(context, budget, 4096, "memory", open)) {
      CommandQueue queue = new CommandQueue(context, false);
      List<Thread> waiters = new ArrayList<>();
      List<Throwable> failures = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        queue.enter();
        clamp(queue, kernels, memory.address(), 1024);
        DeviceEvent point = queue.mark();
        Thread waiter =
            new Thread(
                () -> {
                  point.await();
                  assertThat(point.reached()).isTrue();
                });
        waiter.setUncaughtExceptionHandler(
            (thread, failure) -> {
              synchronized (failures) {
                failures.add(failure);
              }
            });
        waiters.add(waiter);
        waiter.start();
      }
      queue.close();
      for (Thread waiter : waiters) {
        waiter.join();
      }
      assertThat(failures).isEmpty();
    }
  }

  @Test
  void aRefusedCallIsNamedWithItsError() {
    try (CudaContext context = CudaContext.open(0)) {
      context.enter();
      assertThatThrownBy(() -> Driver.allocate(1L << 60))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("cuMemAlloc")
          .hasMessageContaining("CUDA_ERROR_OUT_OF_MEMORY");
    }
  }

  @Test
  void aKernelThatReadsWhatIsNotItsOwnLosesTheDevice() {
    try (CudaContext context = CudaContext.open(0);
        KernelLibrary kernels = KernelLibrary.load(context);
        DeviceMemory memory = new DeviceMemory(context, budget, 4096, "memory", open);
        CommandQueue queue = new CommandQueue(context, false)) {
      queue.enter();
      clamp(queue, kernels, memory.address(), 1025);
      assertThatThrownBy(queue::synchronize)
          .isInstanceOf(DeviceLostError.class)
          .hasMessageContaining("cuStreamSynchronize")
          .hasMessageContaining("CUDA_ERROR_LAUNCH_FAILED");
      FakeDriver.clear();
    }
  }

  @Test
  void aSynchronousQueueNamesTheKernelThatFailed() {
    try (CudaContext context = CudaContext.open(0);
        KernelLibrary kernels = KernelLibrary.load(context);
        DeviceMemory memory = new DeviceMemory(context, budget, 4096, "memory", open);
        CommandQueue queue = new CommandQueue(context, true)) {
      queue.enter();
      assertThatThrownBy(() -> clamp(queue, kernels, memory.address(), 1025))
          .isInstanceOf(DeviceLostError.class)
          .hasMessageContaining("after clamp");
      FakeDriver.clear();
    }
  }

  @Test
  void aLossIsFoundAmongTheCausesOfAnotherFailure() {
    DeviceLostError lost = new DeviceLostError("gone");
    assertThat(DeviceLostError.in(new IllegalStateException(new RuntimeException(lost))))
        .isSameAs(lost);
    assertThat(DeviceLostError.in(new IllegalStateException("other"))).isNull();
  }
}
